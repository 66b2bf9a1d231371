using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// The one cipher suite of conversations (docs/PROTOCOL.md §7): ECDH on P-256 together with ML-KEM-768, so that what is recorded today stays closed
/// to a quantum computer later. Key packages of any other suite are refused, so no conversation can be talked down to a weaker one.
/// </summary>
static class ConversationSuite
{
    /// <summary>MLS_128_MLKEM768P256_AES256GCM_SHA384_P256.</summary>
    public static CipherSuite Suite => CipherSuite.MlKem768P256Aes256;

    /// <summary>What every leaf says it can do.</summary>
    public static Capabilities Capabilities => Capabilities.For([Suite], [ConversationExtension.Type]);
}
