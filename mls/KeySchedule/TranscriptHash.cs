namespace Kavalek.Mls;

/// <summary>The running hashes over a group's commits (RFC 9420 §8.2).</summary>
public static class TranscriptHash
{
    /// <summary><c>confirmed_transcript_hash</c>.</summary>
    /// <param name="crypto">The group's suite.</param>
    /// <param name="interimBefore">The interim hash of the epoch that the commit ends; empty in a new group.</param>
    /// <param name="confirmedInput">The encoded ConfirmedTranscriptHashInput: wire format, FramedContent, signature.</param>
    public static byte[] Confirmed(SuiteCrypto crypto, ReadOnlySpan<byte> interimBefore, ReadOnlySpan<byte> confirmedInput) =>
        crypto.Hash([.. interimBefore, .. confirmedInput]);

    /// <summary><c>interim_transcript_hash</c>, over the confirmed hash and the confirmation tag.</summary>
    public static byte[] Interim(SuiteCrypto crypto, ReadOnlySpan<byte> confirmed, ReadOnlySpan<byte> confirmationTag)
    {
        using TlsWriter input = new(confirmed.Length + confirmationTag.Length + 4);
        input.WriteRaw(confirmed);
        input.WriteVector(confirmationTag);
        return crypto.Hash(input.Written);
    }
}
