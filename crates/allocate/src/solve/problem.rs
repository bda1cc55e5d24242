//! What is decided: subjects with amounts, groups, and the bounds that hold for them.

/// A limit on a load, and the clause that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// In base units.
    pub amount: i128,
    /// The policy clause, as `policy@revision/clause`.
    pub clause: String,
}

/// A subject that holds capital, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its id.
    pub id: String,
    /// What it holds now, in base units.
    pub now: i128,
    /// It may never hold less; at most `now`.
    pub least: i128,
    /// It may never hold more; at least `now`.
    pub most: i128,
    /// Why it may not gain, where it may not.
    pub held: Option<String>,
    /// It should hold no more than this.
    pub cap: Option<Bound>,
    /// It should hold no less than this.
    pub floor: Option<Bound>,
    /// What it would hold at best.
    pub target: Option<i128>,
    /// The most that it may change in one phase.
    pub step: Option<i128>,
}

/// A set of subjects that is bounded as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Positions in [`Problem::leaves`], ascending, at least one.
    pub members: Vec<usize>,
    /// Together they should hold no more than this.
    pub cap: Option<Bound>,
    /// Together they should hold no less than this.
    pub floor: Option<Bound>,
    /// The most that their sum may change in one phase.
    pub step: Option<i128>,
}

/// One portfolio with its bounds. The sum of what the leaves hold is preserved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// By id, ascending: the order of the last tie-break.
    pub leaves: Vec<Leaf>,
    /// By id, ascending.
    pub groups: Vec<Group>,
}

impl Problem {
    /// What all subjects hold together. Reading documents keeps it within 2^120.
    pub fn total(&self) -> i128 {
        self.leaves.iter().fold(0, |sum: i128, leaf| sum.saturating_add(leaf.now))
    }

    /// What is above caps and below floors in an allocation, over all subjects and groups.
    pub fn violation(&self, amounts: &[i128]) -> i128 {
        let leaves = self.leaves.iter().zip(amounts);
        let leaves = leaves.map(|(leaf, amount)| excess(*amount, leaf.cap.as_ref(), leaf.floor.as_ref()));
        let groups = self
            .groups
            .iter()
            .map(|group| excess(sum(&group.members, amounts), group.cap.as_ref(), group.floor.as_ref()));
        leaves.chain(groups).fold(0, i128::saturating_add)
    }

    /// What each subject holds.
    pub fn now(&self) -> Vec<i128> {
        self.leaves.iter().map(|leaf| leaf.now).collect()
    }
}

/// How far `load` is above its cap and below its floor.
pub fn excess(load: i128, cap: Option<&Bound>, floor: Option<&Bound>) -> i128 {
    let above = cap.map_or(0, |cap| load.saturating_sub(cap.amount).max(0));
    let below = floor.map_or(0, |floor| floor.amount.saturating_sub(load).max(0));
    above.saturating_add(below)
}

/// What members hold together.
pub fn sum(members: &[usize], amounts: &[i128]) -> i128 {
    members.iter().filter_map(|member| amounts.get(*member)).fold(0, |sum: i128, amount| sum.saturating_add(*amount))
}
