namespace Kavalek.Mls.Tests;

/// <summary>Keys, signatures and ciphertexts from others are any bytes of any length: on every suite they give no, and never an exception.</summary>
public static class ForeignBytesTests
{
    // K-50
    [Theory]
    [MemberData(nameof(Known))]
    public static async Task Any_key_signature_or_ciphertext_of_any_length_is_refused_and_throws_nothing(ushort id)
    {
        CipherSuite suite = CipherSuite.Find(id)!;
        if (!NativeCryptoProvider.Shared.Supports(suite)) return;
        SuiteCrypto crypto = new(suite, NativeCryptoProvider.Shared);
        using KeyPair own = await crypto.GenerateKeyPairAsync(), signer = await crypto.GenerateSignatureKeyPairAsync();
        byte[] content = "content"u8.ToArray(), signature = await crypto.SignWithLabelAsync(signer.PrivateKey, "label", content);
        HpkeCiphertext sealedBytes = (await crypto.EncryptWithLabelAsync(own.PublicKey, "label", content, content))!;
        Random random = new(id);
        foreach (byte[] honest in (byte[][])[own.PublicKey, signer.PublicKey, signature, sealedBytes.KemOutput, sealedBytes.Ciphertext])
        {
            foreach (int length in (int[])[0, 1, 2, 16, honest.Length - 1, honest.Length, honest.Length + 1, 2 * honest.Length])
            {
                byte[] noise = new byte[length], zeros = new byte[length], ones = new byte[length], first = new byte[length];
                random.NextBytes(noise);
                Array.Fill(ones, (byte)0xff);
                // As an uncompressed point begins.
                if (length > 0) first[0] = 4;
                foreach (byte[] bytes in (byte[][])[noise, zeros, ones, first])
                {
                    Assert.False(await crypto.VerifyWithLabelAsync(bytes, "label", content, signature));
                    Assert.False(await crypto.VerifyWithLabelAsync(signer.PublicKey, "label", content, bytes));
                    Assert.Null(await crypto.DecryptWithLabelAsync(own.PrivateKey, "label", content, sealedBytes with { KemOutput = bytes }));
                    Assert.Null(await crypto.DecryptWithLabelAsync(own.PrivateKey, "label", content, sealedBytes with { Ciphertext = bytes }));
                    // Some noise is a key; what is none must not be sealed to, and what is one must.
                    bool isKey = await crypto.IsPublicKeyAsync(bytes);
                    Assert.Equal(isKey, await crypto.EncryptWithLabelAsync(bytes, "label", content, content) is not null);
                    await crypto.Hpke.SendExportAsync(bytes, ReadOnlyMemory<byte>.Empty, content, 32);
                    (await crypto.Hpke.ReceiveExportAsync(bytes, own.PrivateKey, ReadOnlyMemory<byte>.Empty, content, 32))?.Dispose();
                }
            }
        }
        Assert.True(await crypto.VerifyWithLabelAsync(signer.PublicKey, "label", content, signature));
        using Secret? opened = await crypto.DecryptWithLabelAsync(own.PrivateKey, "label", content, sealedBytes);
        Assert.Equal(content, opened!.Span.ToArray());
    }

    public static TheoryData<ushort> Known() => [.. CipherSuite.Known.Select(suite => suite.Id)];
}
