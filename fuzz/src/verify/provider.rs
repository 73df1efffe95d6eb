//! Verifies instructions on providers.

use {
    super::{Args, Case, Op, ProviderBook, Role, Verdict, need},
    blockable_sdk::{
        Pubkey,
        program::state::{Provider, ProviderSettings},
    },
};

const DAY: i128 = 86_400;

impl Case<'_> {
    pub(super) fn provider_register(&mut self) -> Verdict {
        let (key, by) = (self.call.account(Role::Provider), self.call.account(Role::Signer));
        need(
            !self.model.providers.contains_key(&key) && self.call.signs(Role::Signer),
            "it exists, or nobody signs",
        )?;
        need(self.call.signs(Role::Rent), "nobody pays the rent")?;
        let account: Provider = self.read(&key).ok_or("the provider was not created")?;
        let Args::Register(capacity, settings) = &self.call.args else { return Err("no provider".into()) };
        need_sound(settings)?;
        need(settings.payout == self.call.account(Role::Wallet), "it names another payout account")?;
        need(account.cluster_tag != [0; 32], "rule 13: nothing ties its reports to this cluster")?;
        let empty = ProviderBook::read(&anchor_lang::__private::bytemuck::Zeroable::zeroed());
        let book = ProviderBook {
            epoch: 1,
            epoch_began_at: self.now,
            capacity: (*capacity).into(),
            market: self.call.account(Role::Market),
            authority: by,
            cluster_tag: account.cluster_tag,
            settings: **settings,
            ..empty
        };
        self.created.push((key, self.call.account(Role::Rent)));
        self.model.providers.insert(key, book);
        Ok(())
    }

    pub(super) fn on_provider(&mut self, provider: &mut ProviderBook) -> Verdict {
        let signer = self.call.account(Role::Signer);
        let by_owner = self.signed_by(&provider.authority);
        need(self.call.signs(Role::Signer), "nobody signs")?;
        match (self.call.op, &self.call.args) {
            (Op::ProviderAcceptAuthority, Args::Amount(most)) => {
                need(signer == provider.pending, "the place was not offered to the signer")?;
                self.need_ready(provider.pending_ready_at)?;
                need(provider.outstanding <= i128::from(*most), "rule 11: it owes more than was read")?;
                provider.authority = signer;
                provider.drop_all();
                Ok(())
            }
            (Op::ProviderSuspend | Op::ProviderResume, _) => self.suspend(provider, by_owner),
            _ => {
                need(by_owner, "the signer is not the provider")?;
                self.by_authority(provider)
            }
        }
    }

    fn suspend(&self, provider: &mut ProviderBook, by_owner: bool) -> Verdict {
        let by_admin = self.signed_by(&self.market.admin);
        need(by_owner || by_admin, "the signer is neither the provider nor the admin")?;
        let flags = i128::from(by_owner) + 2 * i128::from(by_admin);
        if self.call.op == Op::ProviderSuspend {
            if flags & !provider.suspended & 2 != 0 {
                provider.admin_suspended_at = self.time;
            }
            provider.suspended |= flags;
            provider.drop_all();
        } else {
            provider.suspended &= !flags;
            if provider.suspended & 2 == 0 {
                provider.admin_suspended_at = 0;
            }
        }
        Ok(())
    }

    fn by_authority(&self, provider: &mut ProviderBook) -> Verdict {
        let delay = i128::from(self.market.settings.provider_delay);
        match (self.call.op, &self.call.args) {
            (Op::ProviderProposeChange, Args::Propose(settings)) => {
                need_sound(settings)?;
                need(settings.payout == self.call.account(Role::Wallet), "it names another payout account")?;
                need(**settings != provider.settings, "nothing changes")?;
                if !loosens(settings, &provider.settings) {
                    provider.drop_change();
                    self.put_in_force(provider, settings);
                    return Ok(());
                }
                need(provider.suspended == 0, "rule 13: a suspended provider proposes a change")?;
                (provider.proposed, provider.change_ready_at) = (Some(**settings), self.time + delay);
            }
            (Op::ProviderApplyChange, Args::Time(ready_at)) => {
                need(provider.change_ready_at == i128::from(*ready_at), "rule 11: it is another change")?;
                let settings = provider.proposed.ok_or("there was no change to apply")?;
                self.need_ready(provider.change_ready_at)?;
                provider.drop_change();
                self.put_in_force(provider, &settings);
            }
            (Op::ProviderCancelChange, Args::Time(ready_at)) => {
                need(provider.change_ready_at == i128::from(*ready_at), "rule 11: it is another change")?;
                need(provider.proposed.is_some(), "nothing waits")?;
                provider.drop_change();
            }
            (Op::ProviderSetCapacity, Args::Amount(capacity)) => {
                provider.capacity = (*capacity).into();
                need(provider.capacity >= provider.outstanding, "less is committed than is outstanding")?;
            }
            (Op::ProviderOfferAuthority, Args::Key(to)) => {
                let is_offer = *to != Pubkey::default();
                need(!is_offer || provider.suspended == 0, "rule 13: a suspended provider hands over")?;
                provider.pending = *to;
                provider.pending_ready_at = if is_offer { self.time + delay } else { 0 };
            }
            (op, args) => return Err(format!("{op:?} with {args:?}")),
        }
        Ok(())
    }

    fn need_ready(&self, ready_at: i128) -> Verdict {
        need(self.time >= ready_at, "rule 13: the delay has not passed")?;
        need(self.time <= ready_at + 14 * DAY, "rule 13: the change has lapsed")
    }

    fn put_in_force(&self, provider: &mut ProviderBook, settings: &ProviderSettings) {
        let reports = |s: &ProviderSettings| (s.reporters, s.quorum, s.chunk_size, s.reporter_count);
        if reports(settings) != reports(&provider.settings) {
            provider.epoch += 1;
            provider.epoch_began_at = self.now;
        }
        provider.settings = *settings;
    }
}

impl ProviderBook {
    fn drop_change(&mut self) {
        (self.proposed, self.change_ready_at) = (None, 0);
    }

    /// Drops the change and the hand-over that wait.
    fn drop_all(&mut self) {
        self.drop_change();
        (self.pending, self.pending_ready_at) = (Pubkey::default(), 0);
    }
}

/// True where settings let any keys do more than those in force, or move a price.
fn loosens(new: &ProviderSettings, old: &ProviderSettings) -> bool {
    let old_keys = &old.reporters[..usize::from(old.reporter_count)];
    let mut keys = new.reporters[..usize::from(new.reporter_count)].iter();
    let fresh = keys.any(|reporter| {
        let mut known = old_keys.iter().filter(|known| known.key == reporter.key);
        !known.any(|known| known.expires_at >= reporter.expires_at)
    });
    fresh
        || new.quorum < old.quorum
        || new.max_units_per_second > old.max_units_per_second
        || new.longest_job > old.longest_job
        || (new.chunk_size, new.payout, new.price_list_hash)
            != (old.chunk_size, old.payout, old.price_list_hash)
}

fn need_sound(settings: &ProviderSettings) -> Verdict {
    let count = usize::from(settings.reporter_count);
    need((1..=8).contains(&count), "the number of reporters is out of range")?;
    need(settings.quorum >= 1 && usize::from(settings.quorum) <= count, "the quorum is out of range")?;
    need((1..=32).contains(&settings.chunk_size), "the chunk size is out of range")?;
    need(settings.max_units_per_second > 0, "no unit could ever be used")?;
    need(settings.longest_job > 0, "no job could ever run")?;
    let mut keys: Vec<_> = settings.reporters[..count].iter().map(|reporter| reporter.key).collect();
    keys.sort_unstable();
    keys.dedup();
    need(keys.len() == count, "a reporter is named twice")
}
