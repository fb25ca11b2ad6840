//! What the database knows of mailed links; neither their tokens nor hashes of them.

use super::Read;
use crate::error::Result;
use crate::model::{InvitationId, UserId};

impl Read<'_> {
    /// The organization's own secret, and the invitation of a person. The same statements run for nobody.
    pub(crate) fn behind_link(&self, user: UserId) -> Result<([u8; 32], Option<InvitationId>)> {
        self.together(|snapshot| {
            let invitation = snapshot.invitation(user)?.map(|it| it.id);
            Ok((snapshot.digest_key()?, invitation))
        })
    }

    /// Whether any mail went out that had a link in it.
    pub(crate) fn has_mailed_links(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM outbox WHERE state <> 'waiting' LIMIT 1";
        Ok(self.snapshot()?.one(sql, [], |_| Ok(()))?.is_some())
    }
}
