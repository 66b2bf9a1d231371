namespace Kavalek.Mls;

/// <summary>What was wrong with an input. Numbers are stable: they may be logged, stored and compared between versions.</summary>
public enum MlsError
{
    /// <summary>The bytes do not decode: cut short, trailing bytes, a length that is not minimal, an unknown required value.</summary>
    Malformed = 1,
    /// <summary>A protocol version other than mls10.</summary>
    UnsupportedVersion = 2,
    /// <summary>A cipher suite that is unknown, unavailable here, or not the group's.</summary>
    UnsupportedCipherSuite = 3,
    /// <summary>Larger than <see cref="MlsLimits"/> allows.</summary>
    LimitExceeded = 4,

    /// <summary>A message of another group.</summary>
    WrongGroup = 10,
    /// <summary>A handshake message of a past epoch, or an application message of an epoch no longer kept.</summary>
    EpochTooOld = 11,
    /// <summary>A message of an epoch not reached yet: fetch the commits in between, then try again.</summary>
    EpochInFuture = 12,
    /// <summary>A kind of message that cannot be processed here (for instance a KeyPackage given to a group).</summary>
    UnexpectedMessage = 13,
    /// <summary>Application data outside a PrivateMessage.</summary>
    UnencryptedApplicationMessage = 14,
    /// <summary>The sender is not a member of that epoch, or may not send this.</summary>
    InvalidSender = 15,
    /// <summary>An own commit came back that is not the pending one: its state was lost, and the epoch cannot be followed. In a PrivateMessage any other
    /// member can make it look so, since the key that would tell is used up: believe it when messages of the next epoch come, then join anew.</summary>
    UnknownOwnCommit = 16,

    /// <summary>The AEAD did not open: not for this group, or changed on the way.</summary>
    DecryptionFailed = 20,
    /// <summary>A signature does not verify.</summary>
    InvalidSignature = 21,
    /// <summary>The membership tag of a PublicMessage does not match.</summary>
    InvalidMembershipTag = 22,
    /// <summary>The confirmation tag is absent or does not match.</summary>
    InvalidConfirmationTag = 23,
    /// <summary>Padding is not all zeros.</summary>
    InvalidPadding = 24,
    /// <summary>A generation older than the keys that are kept for late messages.</summary>
    GenerationTooOld = 25,
    /// <summary>A generation further ahead than the keys that may be skipped.</summary>
    GenerationTooFar = 26,
    /// <summary>This generation was used already: a replay.</summary>
    SecretReuse = 27,

    /// <summary>A KeyPackage breaks a rule of §10.1.</summary>
    InvalidKeyPackage = 30,
    /// <summary>A leaf node breaks a rule of §7.3.</summary>
    InvalidLeafNode = 31,
    /// <summary>Outside its lifetime, or a lifetime longer than <see cref="MlsLimits.MaxLifetime"/>.</summary>
    InvalidLifetime = 32,
    /// <summary>The authentication service refused the credential, or it is no successor of the old one.</summary>
    InvalidCredential = 33,
    /// <summary>A capability that the group requires or uses is missing in a leaf.</summary>
    UnsupportedCapability = 34,
    /// <summary>A signature or encryption key that another leaf has already.</summary>
    DuplicateKey = 35,
    /// <summary>Extensions occur twice, or one does not decode.</summary>
    InvalidExtension = 36,

    /// <summary>The ratchet tree breaks a rule of §12.4.3.3.</summary>
    InvalidTree = 40,
    /// <summary>The tree is not the one the GroupContext names.</summary>
    TreeHashMismatch = 41,
    /// <summary>A parent hash does not match (§7.9).</summary>
    ParentHashMismatch = 42,
    /// <summary>No ratchet tree in the Welcome, none given beside it.</summary>
    MissingTree = 43,

    /// <summary>The proposals of a commit break a rule of §12.2.</summary>
    InvalidProposalList = 50,
    /// <summary>A commit names a proposal that was not received.</summary>
    UnknownProposal = 51,
    /// <summary>A proposal of a type that is not supported.</summary>
    UnsupportedProposal = 52,
    /// <summary>A proposal that is wrong by itself.</summary>
    InvalidProposal = 53,
    /// <summary>A pre-shared key that is not at hand.</summary>
    UnknownPsk = 54,
    /// <summary>The commit needs an UpdatePath and has none.</summary>
    MissingPath = 55,
    /// <summary>The UpdatePath does not fit the tree, or its secrets do not give its public keys.</summary>
    InvalidPath = 56,
    /// <summary>Proposals wait: commit before sending application data (§12.4).</summary>
    CommitRequired = 57,
    /// <summary>Something that <see cref="MlsRules"/> does not allow.</summary>
    NotAllowed = 58,
    /// <summary>The group was ended by a ReInit (§11.2): only what was sent before can still be read.</summary>
    GroupEnded = 59,

    /// <summary>The Welcome holds nothing for any own key package.</summary>
    NoMatchingKeyPackage = 60,
    /// <summary>The Welcome or its GroupInfo breaks a rule of §12.4.3.1.</summary>
    InvalidWelcome = 61,
    /// <summary>A GroupInfo that cannot be joined by (§12.4.3.2).</summary>
    InvalidGroupInfo = 62,
    /// <summary>A new group that does not match the one it re-initializes or branches from (§11.2, §11.3).</summary>
    InvalidSuccessor = 63,

    /// <summary>Stored state is incomplete or does not decode.</summary>
    InvalidState = 70,
}
