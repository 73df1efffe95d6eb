//! Writes files in one step.

use {crate::SandboxError, serde::Serialize, std::path::Path};

/// Replaces a file in one step: a crash leaves the old one or the new one. Errors: [`SandboxError::File`].
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    blockable_cluster::replace(path, bytes).map_err(|error| SandboxError::file(path, error))
}

/// As [`replace`], with a value as JSON. Errors: [`SandboxError::File`], [`SandboxError::Encode`].
pub(crate) fn replace_json(path: &Path, value: &impl Serialize) -> Result<(), SandboxError> {
    let bytes = serde_json::to_vec(value).map_err(|error| SandboxError::encode(path, error))?;
    replace(path, &bytes)
}
