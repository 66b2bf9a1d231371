namespace Kavalek.Protocol;

/// <summary>The sizes and times both sides hold each other to (docs/PROTOCOL.md, "Limits").</summary>
public static class Limits
{
    /// <summary>Bytes of an account, device, stream or entry id.</summary>
    public const int IdLength = 16;

    /// <summary>Bytes of a reassembled socket frame.</summary>
    public const int FrameBytes = 128 * 1024;

    /// <summary>Bytes of a first frame.</summary>
    public const int HelloBytes = 4 * 1024;

    /// <summary>Seconds a socket may stay without a first frame.</summary>
    public const int HelloSeconds = 5;

    /// <summary>Bytes of one entry's payload, and of a Welcome; more than a frame holds goes over REST.</summary>
    public const int EntryBytes = 8 * 1024 * 1024;

    /// <summary>Bytes of a payload that is delivered inside a frame; a larger one is delivered detached.</summary>
    public const int InlineBytes = 112 * 1024;

    /// <summary>Bytes of an ephemeral payload.</summary>
    public const int EphemeralBytes = 1024;

    /// <summary>Deliveries a socket may leave unacknowledged.</summary>
    public const int MaximumWindow = 1024;

    /// <summary>Seconds of silence after which a socket is taken for dead.</summary>
    public const int HeartbeatSeconds = 60;

    /// <summary>Seconds an entry is kept for devices that have not acknowledged it.</summary>
    public const int RetentionSeconds = 30 * 24 * 3600;

    /// <summary>Seconds that a message may be set to live, at least.</summary>
    public const int ShortestLife = 5;

    /// <summary>Seconds that a message may be set to live, at most: 4 years.</summary>
    public const int LongestLife = 126_230_400;

    /// <summary>Bytes of a sealed archive segment: 256 KiB and what seals them.</summary>
    public const int ArchiveSegmentBytes = 264 * 1024;

    /// <summary>Bytes of an archive's sealed state.</summary>
    public const int ArchiveStateBytes = 256;

    /// <summary>Bytes of an account's notes as they are sealed.</summary>
    public const int ArchiveNotesBytes = 256 * 1024 + 80;

    /// <summary>Segments in one page of an archive, and segments that one may replace.</summary>
    public const int ArchivePageSegments = 64;

    /// <summary>Bytes of one page of an archive, but at least one segment.</summary>
    public const int ArchivePageBytes = 2 * 1024 * 1024;

    /// <summary>Bytes of one part of an attachment.</summary>
    public const int AttachmentPartBytes = 2 * 1024 * 1024;

    /// <summary>Bytes of an attachment, encrypted, whatever a server would take.</summary>
    public const long AttachmentBytes = 2L << 30;

    /// <summary>Bytes of what a reader of an attachment shows.</summary>
    public const int AttachmentCapabilityBytes = 32;

    /// <summary>The header in which a reader shows it.</summary>
    public const string AttachmentCapabilityHeader = "Kavalek-Capability";

    /// <summary>Devices one commit may add or remove.</summary>
    public const int ChangeDevices = 1000;

    /// <summary>Devices that may subscribe to one stream.</summary>
    public const int StreamDevices = 1000;

    /// <summary>Entries in one page of a REST answer.</summary>
    public const int PageEntries = 500;

    /// <summary>Replacements of an account's key, until the account is begun afresh.</summary>
    public const int KeyChanges = 256;

    /// <summary>Devices of one account.</summary>
    public const int AccountDevices = 20;

    /// <summary>Changes of a device list or vault that a server which was put back to a backup is told of at once.</summary>
    public const int ForgottenChanges = 1000;

    /// <summary>Bytes of the key that a new device's grant is sealed to: ML-KEM-768 and P-256.</summary>
    public const int GrantKeyBytes = 1184 + 65;

    /// <summary>Bytes of the key that reports are sealed to: ML-KEM-768 and P-256.</summary>
    public const int ReportKeyBytes = 1184 + 65;

    /// <summary>Accounts that one report is sealed to.</summary>
    public const int Moderators = 32;

    /// <summary>Bytes of what opens a report, sealed to one account: KEM output, 32 bytes, tag.</summary>
    public const int ReportCopyBytes = 1088 + 65 + 32 + 16;

    /// <summary>Bytes that seal a report beside its padded content: commitment and tag.</summary>
    public const int ReportSealBytes = 32 + 16;

    /// <summary>Bytes of a report's content, padded: there are no other sizes.</summary>
    public static IReadOnlyList<int> ReportSizes { get; } = [4_096, 16_384, 65_536, 262_144];

    /// <summary>Reports that an instance keeps at once.</summary>
    public const int Reports = 1000;

    /// <summary>Days after which a report that nobody decided is deleted.</summary>
    public const int ReportDays = 90;

    /// <summary>Bytes of a grant.</summary>
    public const int GrantBytes = 4 * 1024;

    /// <summary>Bytes of a vault.</summary>
    public const int VaultBytes = 1024;

    /// <summary>Seconds in which a new device has to be let in once an existing one began to.</summary>
    public const int LinkSeconds = 60;

    /// <summary>One-time key packages the server keeps for a device.</summary>
    public const int KeyPackages = 100;

    /// <summary>Bytes of one key package.</summary>
    public const int KeyPackageBytes = 16 * 1024;

    /// <summary>Bytes of a JSON request body.</summary>
    public const int JsonBytes = 2 * 1024 * 1024;

    /// <summary>Characters of an e-mail address.</summary>
    public const int EmailCharacters = 254;

    /// <summary>Bytes of the secret a client derives from the password for the server.</summary>
    public const int AuthSecretBytes = 32;

    /// <summary>PBKDF2 iterations below which a client refuses to derive anything.</summary>
    public const int KdfFloor = 600_000;

    /// <summary>PBKDF2 iterations of a new account.</summary>
    public const int KdfDefault = 1_000_000;

    /// <summary>PBKDF2 iterations above which a client refuses: more than a phone can bear.</summary>
    public const int KdfCeiling = 10_000_000;

    /// <summary>Seconds an access token is valid.</summary>
    public const int AccessTokenSeconds = 600;
}
