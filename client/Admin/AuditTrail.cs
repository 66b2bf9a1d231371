using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>What those who run the instance did, as every member may read it (docs/PROTOCOL.md §5.13).</summary>
/// <param name="Records">The newest first.</param>
/// <param name="Break">What is not as this device had seen it; <c>null</c> where all of that is. It is said once, and reading goes on from what is shown.</param>
public sealed record AuditTrail(IReadOnlyList<AuditRecord> Records, AuditBreak? Break = null)
{
    /// <summary>Whether nothing was changed or taken out of what this device had seen before.</summary>
    public bool IsWhole => Break is null;
}

/// <summary>The audit log was cut short, or written anew, after this device had seen it.</summary>
/// <param name="Number">The newest record that this device had seen.</param>
/// <param name="Head">The newest record that the server showed when it was noticed; 0 for none.</param>
public sealed record AuditBreak(long Number, long Head)
{
    /// <summary>Whether the record is missing; else there is another one in its place.</summary>
    public bool IsCut => Head < Number;

    /// <summary>It in one line, for a person, in English.</summary>
    public string Text =>
        $"The server's audit log is not what this device saw before: {(IsCut ? $"it ends with record {Head}, and record {Number} is missing" : $"record {Number} is another one now")}. That is so after a backup was put back; else ask whoever runs the server.";
}
