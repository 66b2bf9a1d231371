namespace Kavalek.Mls;

/// <summary>A proposal of a type of the application's own (RFC 9420 §12.1): see <see cref="MlsRules.CustomProposals"/>.</summary>
/// <param name="Type">Its number.</param>
/// <param name="Data">Its content, which only the application reads.</param>
public sealed record CustomProposal(ushort Type, byte[] Data);
