using Kavalek.Client.Browser;

namespace Kavalek.Mls.Tests;

public static class EcdsaSignatureTests
{
    [Fact]
    public static async Task What_a_key_under_a_handle_signs_is_der_and_verifies()
    {
        foreach (SignatureAlgorithm algorithm in (SignatureAlgorithm[])[SignatureAlgorithm.EcdsaP256Sha256, SignatureAlgorithm.EcdsaP384Sha384, SignatureAlgorithm.EcdsaP521Sha512, SignatureAlgorithm.Ed25519])
        {
            using KeyPair pair = await WebCryptoProvider.Shared.GenerateSignatureKeyPairAsync(algorithm);
            for (int i = 0; i < 40; i++)
            {
                byte[] data = [(byte)i], signature = await WebCryptoProvider.Shared.SignAsync(algorithm, pair.PrivateKey, data);
                Assert.True(await WebCryptoProvider.Shared.VerifyAsync(algorithm, pair.PublicKey, data, signature));
                Assert.False(await WebCryptoProvider.Shared.VerifyAsync(algorithm, pair.PublicKey, new byte[] { (byte)(i + 1) }, signature));
                Assert.True(signature.Length <= algorithm.MaxSignatureLength);
            }
        }
    }

    [Fact]
    public static void Only_the_one_der_form_is_read()
    {
        byte[] raw = new byte[64];
        raw[31] = 0x80;
        raw[63] = 1;
        byte[] der = EcdsaSignature.ToDer(raw);
        Assert.Equal(Convert.FromHexString("3007020200800201" + "01"), der);
        Assert.Equal(raw, EcdsaSignature.FromDer(der, 32));
        foreach (string wrong in (string[])["", "30", "3006020180020101", "300802030000800201" + "01", "300702020080020101" + "00", "30810702020080020101", "3003020101", "3006020200800200"])
            Assert.Null(EcdsaSignature.FromDer(Convert.FromHexString(wrong), 32));
    }
}
