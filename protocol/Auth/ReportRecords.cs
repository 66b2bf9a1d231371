namespace Kavalek.Protocol.Auth;

/// <summary>Somebody to whom reports go, as the server says; <c>GET /auth/v1/moderators</c>. Clients hold it against account key and audit log (docs/PROTOCOL.md §13.2).</summary>
/// <param name="Account">Who.</param>
/// <param name="Rank"><c>moderator</c>, <c>admin</c> or <c>owner</c>.</param>
/// <param name="Key">What reports are sealed to, <see cref="Limits.ReportKeyBytes"/>.</param>
/// <param name="Signature">The account key's over the <see cref="Identity.ReportKeyStatement"/>, DER.</param>
public sealed record ModeratorRecord(Id Account, string Rank, byte[] Key, byte[] Signature);

/// <summary>What opens a report, sealed to one account.</summary>
/// <param name="Account">To whom.</param>
/// <param name="Sealed"><see cref="Limits.ReportCopyBytes"/>.</param>
public sealed record ReportCopy(Id Account, byte[] Sealed);

/// <summary><c>POST /auth/v1/reports</c>.</summary>
/// <param name="Report">A random id.</param>
/// <param name="Sealed">One of <see cref="Limits.ReportSizes"/> and <see cref="Limits.ReportSealBytes"/> more.</param>
/// <param name="Copies">1 to <see cref="Limits.Moderators"/>, of accounts of rank.</param>
public sealed record FileReport(Id Report, byte[] Sealed, ReportCopy[] Copies);

/// <summary><c>PUT /auth/v1/admin/report-key</c>.</summary>
/// <param name="Key"><see cref="Limits.ReportKeyBytes"/>.</param>
/// <param name="Signature">The account key's over the <see cref="Identity.ReportKeyStatement"/>, DER.</param>
public sealed record PutReportKey(byte[] Key, byte[] Signature);

/// <summary>A report that waits, as whoever it is sealed to sees it in the list.</summary>
/// <param name="Report">Its id.</param>
/// <param name="Filed">The day it came, seconds since 1970 of its midnight.</param>
public sealed record WaitingReport(Id Report, long Filed);

/// <summary><c>GET /auth/v1/admin/reports</c>.</summary>
/// <param name="Reports">The oldest first, at most 100.</param>
/// <param name="Total">How many there are.</param>
public sealed record ReportPage(WaitingReport[] Reports, int Total);

/// <summary><c>GET /auth/v1/admin/reports/{report}</c>.</summary>
/// <param name="Report">Its id.</param>
/// <param name="Filed">The day it came, seconds since 1970 of its midnight.</param>
/// <param name="Sealed">As it was sent.</param>
/// <param name="Copy">What opens it, sealed to the caller's account.</param>
public sealed record SealedReport(Id Report, long Filed, byte[] Sealed, byte[] Copy);

/// <summary><c>POST /auth/v1/admin/reports/{report}/decide</c>: the report is deleted.</summary>
/// <param name="Decision"><c>dismissed</c>, <c>suspended</c> or <c>acted</c>.</param>
public sealed record DecideReport(string Decision);
