using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>What the dashboard may ask of the host's backups: to look, to make one now, to test the newest. Their key and their place are the host's alone.</summary>
/// <param name="Look">How it is with them.</param>
/// <param name="Begin">Begins a backup, or with <c>true</c> a test of the newest.</param>
public sealed record BackupControl(Func<BackupState> Look, Func<bool, BackupBegin> Begin);

/// <summary>What became of asking for one.</summary>
public enum BackupBegin
{
    /// <summary>It works.</summary>
    Begun,

    /// <summary>Another one works already.</summary>
    Busy,

    /// <summary>There is no backup to test.</summary>
    Nothing,
}
