use {
    super::ops::Op,
    blockable_sdk::program::{errors::BlockableError, transitions::Status},
    solana_sdk::{instruction::InstructionError, transaction::TransactionError},
    std::collections::BTreeMap,
};

const OPS: usize = Op::ALL.len();

/// The cases that a run has reached.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Steps taken.
    pub steps: u64,
    /// Transactions that went through, per instruction.
    pub accepted: [u64; OPS],
    /// Transactions that were refused, per instruction.
    pub refused: [u64; OPS],
    /// Attempts per instruction and status of the credit.
    pub reached: [[u64; 8]; OPS],
    /// Attempts that went through, per instruction and status of the credit.
    pub through: [[u64; 8]; OPS],
    /// Refusals per error.
    pub errors: BTreeMap<(u8, u32), u64>,
    /// Probes on copies.
    pub probes: u64,
    /// Most compute units that a transaction took.
    pub compute: u64,
}

impl Default for Coverage {
    fn default() -> Self {
        Coverage {
            steps: 0,
            accepted: [0; OPS],
            refused: [0; OPS],
            reached: [[0; 8]; OPS],
            through: [[0; 8]; OPS],
            errors: BTreeMap::new(),
            probes: 0,
            compute: 0,
        }
    }
}

impl Coverage {
    pub(super) fn accepted(&mut self, op: Op) {
        self.accepted[op.index()] += 1;
    }

    pub(super) fn refused(&mut self, op: Op, error: &TransactionError) {
        self.refused[op.index()] += 1;
        if let TransactionError::InstructionError(_, InstructionError::Custom(code)) = error {
            *self.errors.entry((op.index() as u8, *code)).or_default() += 1;
        }
    }

    pub(super) fn reached(&mut self, op: Op, status: Status) {
        self.reached[op.index()][usize::from(status.byte())] += 1;
    }

    pub(super) fn went_through(&mut self, op: Op, status: Status) {
        self.through[op.index()][usize::from(status.byte())] += 1;
    }

    /// Adds what another run has seen.
    pub fn add(&mut self, other: &Coverage) {
        self.steps += other.steps;
        self.probes += other.probes;
        self.compute = self.compute.max(other.compute);
        for op in 0..OPS {
            self.accepted[op] += other.accepted[op];
            self.refused[op] += other.refused[op];
            for status in 0..8 {
                self.reached[op][status] += other.reached[op][status];
                self.through[op][status] += other.through[op][status];
            }
        }
        for (key, count) in &other.errors {
            *self.errors.entry(*key).or_default() += count;
        }
    }

    /// The pairs of status and instruction that were never tried, or never went through where the table allows them.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for op in Op::on_credits() {
            for status in Status::ALL {
                let place = usize::from(status.byte());
                if self.reached[op.index()][place] == 0 {
                    missing.push(format!("{op:?} was never tried on {status:?}"));
                } else if op.is_allowed_in(status) && self.through[op.index()][place] == 0 {
                    missing.push(format!("{op:?} never went through on {status:?}"));
                }
            }
        }
        for op in Op::ALL.iter().filter(|op| self.accepted[op.index()] == 0) {
            missing.push(format!("{op:?} never went through"));
        }
        missing
    }

    /// Refusals by instruction and error.
    pub fn errors(&self) -> Vec<(String, u64)> {
        let name = |op: u8, code: u32| {
            let error =
                BlockableError::from_code(code).map_or(format!("{code}"), |error| format!("{error:?}"));
            format!("{:?} {error}", Op::ALL[usize::from(op)])
        };
        self.errors.iter().map(|((op, code), count)| (name(*op, *code), *count)).collect()
    }

    /// The number of pairs to cover.
    pub fn pairs() -> usize {
        Op::on_credits().count() * Status::ALL.len()
    }
}
