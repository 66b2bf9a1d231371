using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>The functions of OpenSSL 3's libcrypto that are called directly; names and meanings are those of its manual pages.</summary>
[UnsupportedOSPlatform("browser")]
static unsafe partial class LibCrypto
{
    const string Library = "libcrypto";

    /// <summary>Where OpenSSL 3 may be on this system, the first that loads being taken, and how to have it there.</summary>
    public static (string[] Files, string Advice) Places { get; } =
        OperatingSystem.IsWindows() ? (["libcrypto-3-x64.dll", "libcrypto-3-arm64.dll"], "install OpenSSL 3 and put its folder 'bin' on the PATH")
        : OperatingSystem.IsMacOS() ? (["libcrypto.3.dylib", "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib", "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib"], "run 'brew install openssl@3'")
        : (["libcrypto.so.3"], "install the package of OpenSSL 3's libraries: libssl3 on Debian and Ubuntu, openssl-libs on Fedora, libcrypto3 on Alpine");

    /// <summary>Whether OpenSSL 3 is on this system; looked for once, and to be asked before anything below is called.</summary>
    public static bool IsAvailable { get; } = Load();

    static bool Load()
    {
        foreach (string file in Places.Files)
        {
            if (!NativeLibrary.TryLoad(file, out nint found)) continue;
            NativeLibrary.SetDllImportResolver(typeof(LibCrypto).Assembly, (name, _, _) => name == Library ? found : 0);
            return true;
        }
        return false;
    }

    /// <summary>What somebody is told who wants what only OpenSSL has, where it was not found.</summary>
    public static string Absent => $"OpenSSL 3 has it, and was not found ({string.Join(", ", Places.Files)}): {Places.Advice}";

    public const uint UnsignedInteger = 2, Utf8String = 4, OctetString = 5;
    public const int CurvePart = 0x84, KeyPairParts = 0x87;
    public const int Uncompressed = 4;
    public const int ConstantTime = 4;

    public static ReadOnlySpan<byte> Ec => "EC\0"u8;

    /// <summary>OSSL_PARAM.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Parameter
    {
        public byte* Key;
        public uint Type;
        public void* Data;
        public nuint Size;
        public nuint Returned;
    }

    /// <summary>What should not fail did: no memory, or a library that is not what it says.</summary>
    public static CryptographicException Failure(string what)
    {
        ERR_clear_error();
        return new CryptographicException($"OpenSSL failed: {what}");
    }

    [LibraryImport(Library)] public static partial void ERR_clear_error();

    [LibraryImport(Library)] public static partial nint EC_GROUP_new_by_curve_name(int nid);
    [LibraryImport(Library)] public static partial nint EC_GROUP_get0_order(nint group);
    [LibraryImport(Library)] public static partial nint EC_POINT_new(nint group);
    [LibraryImport(Library)] public static partial void EC_POINT_free(nint point);
    [LibraryImport(Library)] public static partial int EC_POINT_mul(nint group, nint result, nint scalar, nint point, nint factor, nint context);
    [LibraryImport(Library)] public static partial nuint EC_POINT_point2oct(nint group, nint point, int form, byte* buffer, nuint length, nint context);

    [LibraryImport(Library)] public static partial nint BN_bin2bn(byte* bytes, int length, nint result);
    [LibraryImport(Library)] public static partial int BN_bn2binpad(nint number, byte* to, int length);
    [LibraryImport(Library)] public static partial int BN_cmp(nint a, nint b);
    [LibraryImport(Library)] public static partial void BN_set_flags(nint number, int flags);
    [LibraryImport(Library)] public static partial void BN_clear_free(nint number);

    [LibraryImport(Library)] public static partial nint EVP_PKEY_new();
    [LibraryImport(Library)] public static partial int EVP_PKEY_copy_parameters(EvpKey to, EvpKey from);
    [LibraryImport(Library)] public static partial int EVP_PKEY_set1_encoded_public_key(EvpKey key, byte* publicKey, nuint length);
    [LibraryImport(Library)] public static partial void EVP_PKEY_free(nint key);
    [LibraryImport(Library)] public static partial nint EVP_PKEY_CTX_new(EvpKey key, nint engine);
    [LibraryImport(Library)] public static partial nint EVP_PKEY_CTX_new_from_name(nint libraryContext, ReadOnlySpan<byte> name, nint properties);
    [LibraryImport(Library)] public static partial void EVP_PKEY_CTX_free(nint context);
    [LibraryImport(Library)] public static partial int EVP_PKEY_keygen_init(nint context);
    [LibraryImport(Library)] public static partial int EVP_PKEY_generate(nint context, out nint key);
    [LibraryImport(Library)] public static partial int EVP_PKEY_fromdata_init(nint context);
    [LibraryImport(Library)] public static partial int EVP_PKEY_fromdata(nint context, out nint key, int selection, Parameter* parameters);
    [LibraryImport(Library)] public static partial int EVP_PKEY_get_octet_string_param(EvpKey key, ReadOnlySpan<byte> name, byte* buffer, nuint size, out nuint length);
    [LibraryImport(Library)] public static partial int EVP_PKEY_get_bn_param(EvpKey key, ReadOnlySpan<byte> name, ref nint number);
    [LibraryImport(Library)] public static partial int EVP_PKEY_derive_init(nint context);
    [LibraryImport(Library)] public static partial int EVP_PKEY_derive_set_peer_ex(nint context, EvpKey peer, int validatePeer);
    [LibraryImport(Library)] public static partial int EVP_PKEY_derive(nint context, byte* to, ref nuint length);
    [LibraryImport(Library)] public static partial int EVP_PKEY_sign_init(nint context);
    [LibraryImport(Library)] public static partial int EVP_PKEY_sign(nint context, byte* signature, ref nuint length, byte* digest, nuint digestLength);
    [LibraryImport(Library)] public static partial int EVP_PKEY_verify_init(nint context);
    [LibraryImport(Library)] public static partial int EVP_PKEY_verify(nint context, byte* signature, nuint length, byte* digest, nuint digestLength);
}
