namespace Kavalek.Client;

/// <summary>Something a person can act on: the message says what happened, whether anything changed, and what to do. It is about a defect of this program only where nobody waits: as the reason of a connection that begins anew.</summary>
public sealed class KavalekException : Exception
{
    /// <summary>A failure under a stable code.</summary>
    /// <param name="code">A code of <see cref="ClientErrors"/> or <see cref="Kavalek.Protocol.ErrorCodes"/>.</param>
    /// <param name="message">One or two plain sentences.</param>
    /// <param name="nothingChanged">Whether it is certain that nothing changed, here or on the server.</param>
    /// <param name="inner">What caused it.</param>
    public KavalekException(string code, string message, bool nothingChanged = true, Exception? inner = null) : base(message, inner)
    {
        Code = code;
        NothingChanged = nothingChanged;
    }

    /// <summary>The stable code.</summary>
    public string Code { get; }

    /// <summary>Whether it is certain that nothing changed; false where, for instance, an answer was lost.</summary>
    public bool NothingChanged { get; }

    /// <summary>When the server asked to come back, where it did.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Codes of <see cref="KavalekException"/> beside those of the server.</summary>
public static class ClientErrors
{
    /// <summary>The server cannot be reached.</summary>
    public const string Offline = "offline";
    /// <summary>The password does not open this profile.</summary>
    public const string WrongPassword = "wrong_password";
    /// <summary>The password is too short, or has no Unicode form.</summary>
    public const string UnsuitablePassword = "unsuitable_password";
    /// <summary>The profile's files were changed or are incomplete.</summary>
    public const string ProfileDamaged = "profile_damaged";
    /// <summary>Another program uses the profile.</summary>
    public const string ProfileBusy = "profile_busy";
    /// <summary>The profile holds an account already.</summary>
    public const string ProfileInUse = "profile_in_use";
    /// <summary>The profile holds no account.</summary>
    public const string ProfileEmpty = "profile_empty";
    /// <summary>The profile is of another account or server.</summary>
    public const string OtherAccount = "other_account";
    /// <summary>An address that is neither https nor on this computer.</summary>
    public const string InsecureAddress = "insecure_address";
    /// <summary>The server answered what no honest server answers; nothing was done with it.</summary>
    public const string ServerMisbehaves = "server_misbehaves";
    /// <summary>The server asked for a weaker password derivation than is safe.</summary>
    public const string KdfRefused = "kdf_refused";
    /// <summary>The server showed an older device list, or a list that does not fit.</summary>
    public const string DeviceListRefused = "device_list_refused";
    /// <summary>The account key of a person changed; it has to be accepted first.</summary>
    public const string KeyChanged = "key_changed";
    /// <summary>The numbers do not match: somebody may be between the two.</summary>
    public const string SafetyNumberMismatch = "safety_number_mismatch";
    /// <summary>That is not the code that the other device shows.</summary>
    public const string WrongLinkCode = "wrong_link_code";
    /// <summary>A minute has passed since the link to a new device was begun, or it was used.</summary>
    public const string LinkExpired = "link_expired";
    /// <summary>The device was let in before, but nobody had said on it that the digits were the same: it has no keys.</summary>
    public const string LetInUnseen = "let_in_unseen";
    /// <summary>The words are no recovery key, or not this account's.</summary>
    public const string WrongRecoveryKey = "wrong_recovery_key";
    /// <summary>The account has no recovery key.</summary>
    public const string NoVault = "no_vault";
    /// <summary>The server showed another vault, or an older one, than the account's devices stored.</summary>
    public const string VaultRefused = "vault_refused";
    /// <summary>The password was wrong too often; it has to wait.</summary>
    public const string TooManyAttempts = "too_many_attempts";
    /// <summary>This device waits to be let in.</summary>
    public const string DeviceWaits = "device_waits";
    /// <summary>The link is not a Kavalek contact link of this server.</summary>
    public const string InvalidLink = "invalid_link";
    /// <summary>This platform lacks something Kavalek needs.</summary>
    public const string Platform = "platform";
    /// <summary>The disk of this device is full or cannot be written to; the message says what that means.</summary>
    public const string CannotStore = "cannot_store";
    /// <summary>Sending is not possible in this conversation now; the message says why.</summary>
    public const string CannotSend = "cannot_send";
    /// <summary>Some members of the conversation see another history of it than this device.</summary>
    public const string Apart = "apart";
    /// <summary>The server says that it knows nothing of the conversation any more; a person decides whether it is started afresh.</summary>
    public const string Forgotten = "forgotten";
    /// <summary>The own role in the conversation does not allow it.</summary>
    public const string NotAllowed = "not_allowed";
    /// <summary>A message is too old to be edited or deleted for everybody, or was edited too often.</summary>
    public const string TooLate = "too_late";
    /// <summary>An attachment is not what its message says; nothing of it was opened or kept.</summary>
    public const string AttachmentDamaged = "attachment_damaged";
    /// <summary>An attachment is not at the server any more.</summary>
    public const string AttachmentGone = "attachment_gone";
    /// <summary>A file of this computer cannot be read.</summary>
    public const string FileUnreadable = "file_unreadable";
    /// <summary>A report does not open, or is none.</summary>
    public const string ReportUnreadable = "report_unreadable";
    /// <summary>This device cannot show who wrote a message that was to be reported.</summary>
    public const string ReportUnproven = "report_unproven";
    /// <summary>There is nobody a report could go to.</summary>
    public const string ReportNobody = "report_nobody";
    /// <summary>Those to whom reports go have changed since they were shown.</summary>
    public const string ReportStale = "report_stale";
    /// <summary>Too many reports wait at the server.</summary>
    public const string ReportsFull = "reports_full";
    /// <summary>Too many messages, or too many words, for one report.</summary>
    public const string ReportTooLarge = "report_too_large";
    /// <summary>Another own device has to be connected first.</summary>
    public const string DeviceNotReady = "device_not_ready";
}
