//! The parts and parameters of requests that a model takes.

/// The treatment of a request's parameters that are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    /// Such a request is refused.
    #[default]
    Refuse,
    /// They are forwarded, and count as a part of the prompt.
    Count,
}

/// The places that images, sounds, videos and files of a request may be at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaUrls {
    /// In the request itself.
    #[default]
    Data,
    /// Also at addresses of the web, which the model's server fetches from where it stands.
    Http,
}

/// The kinds of parts that are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// An image.
    Image,
    /// Sound.
    Audio,
    /// A video.
    Video,
    /// A document.
    File,
}

impl MediaKind {
    /// Finds the kind by the `type` of a part; `None` where that names no such part.
    pub(crate) fn from_part(name: &str) -> Option<MediaKind> {
        Some(match name {
            "image" | "image_url" | "input_image" => MediaKind::Image,
            "audio" | "audio_url" | "input_audio" => MediaKind::Audio,
            "video" | "video_url" | "input_video" => MediaKind::Video,
            "document" | "file" | "input_file" => MediaKind::File,
            _ => return None,
        })
    }
}

/// Most tokens of a part of each kind, with the marks around it. A kind without a number is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartTokens {
    /// Of an image.
    pub image: Option<u64>,
    /// Of a sound.
    pub audio: Option<u64>,
    /// Of a video.
    pub video: Option<u64>,
    /// Of a document.
    pub file: Option<u64>,
}

impl PartTokens {
    /// Most tokens of a part; `None` where the model takes none of this kind.
    pub fn get(&self, kind: MediaKind) -> Option<u64> {
        match kind {
            MediaKind::Image => self.image,
            MediaKind::Audio => self.audio,
            MediaKind::Video => self.video,
            MediaKind::File => self.file,
        }
    }
}
