using System.Runtime.InteropServices;

namespace Kavalek.Mls;

/// <remarks>Here: keys that are plain strings of bytes, and the signatures that hash for themselves.</remarks>
static unsafe partial class LibCrypto
{
    [LibraryImport(Library)] public static partial nint EVP_PKEY_new_raw_private_key(int type, nint engine, byte* key, nuint length);
    [LibraryImport(Library)] public static partial nint EVP_PKEY_new_raw_public_key(int type, nint engine, byte* key, nuint length);
    [LibraryImport(Library)] public static partial int EVP_PKEY_get_raw_public_key(EvpKey key, byte* to, ref nuint length);

    [LibraryImport(Library)] public static partial nint EVP_MD_CTX_new();
    [LibraryImport(Library)] public static partial void EVP_MD_CTX_free(nint context);
    [LibraryImport(Library)] public static partial int EVP_DigestSignInit(nint context, nint keyContext, nint digest, nint engine, EvpKey key);
    [LibraryImport(Library)] public static partial int EVP_DigestSign(nint context, byte* signature, ref nuint length, byte* data, nuint dataLength);
    [LibraryImport(Library)] public static partial int EVP_DigestVerifyInit(nint context, nint keyContext, nint digest, nint engine, EvpKey key);
    [LibraryImport(Library)] public static partial int EVP_DigestVerify(nint context, byte* signature, nuint length, byte* data, nuint dataLength);
}
