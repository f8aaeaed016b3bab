using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.GoModules.Notes;

/// <summary>The few functions of OpenSSL's libcrypto (1.1.1 or 3.x) that Ed25519 needs, and the search for the library.</summary>
internal static partial class LibCrypto
{
    /// <summary>NID_ED25519 of openssl/obj_mac.h; the value is part of OpenSSL's ABI.</summary>
    public const int Ed25519 = 1087;

    private const string Library = "libcrypto";

    // Bare "libcrypto.dylib" is left out on purpose: macOS kills a process that loads its unversioned one.
    private static readonly string[] Candidates =
        OperatingSystem.IsWindows()
            ? ["libcrypto-3-x64.dll", "libcrypto-3-arm64.dll", "libcrypto-3.dll", "libcrypto-1_1-x64.dll", "libcrypto-1_1.dll"]
            : OperatingSystem.IsMacOS()
                ? [
                    "libcrypto.3.dylib", "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib",
                    "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib", "libcrypto.1.1.dylib",
                ]
                : ["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"];

    private static readonly Lazy<nint> Handle = new(Load);

    static LibCrypto() => NativeLibrary.SetDllImportResolver(
        typeof(LibCrypto).Assembly,
        static (name, _, _) => name == Library ? Handle.Value : 0);

    /// <summary>Null, or one sentence that says what is missing and how to get it.</summary>
    public static string? MissingBecause => Handle.Value != 0
        ? null
        : $"Ed25519 signatures need OpenSSL's libcrypto 1.1.1 or 3.x, and none of {string.Join(", ", Candidates)} could " +
          "be loaded; install OpenSSL (Debian and Ubuntu: libssl3, Alpine: libcrypto3, macOS: brew install openssl@3)";

    [LibraryImport(Library)]
    public static partial KeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    public static partial KeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    public static partial int EVP_PKEY_get_raw_public_key(KeyHandle key, Span<byte> destination, ref nuint length);

    [LibraryImport(Library)]
    public static partial ContextHandle EVP_MD_CTX_new();

    [LibraryImport(Library)]
    public static partial int EVP_DigestVerifyInit(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library)]
    public static partial int EVP_DigestVerify(
        ContextHandle context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport(Library)]
    public static partial int EVP_DigestSignInit(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library)]
    public static partial int EVP_DigestSign(
        ContextHandle context, Span<byte> signature, ref nuint signatureLength, ReadOnlySpan<byte> data, nuint length);

    /// <summary>
    /// A failed check leaves entries in this thread's error queue; .NET's own use of OpenSSL on the same thread must not
    /// find them.
    /// </summary>
    [LibraryImport(Library)]
    public static partial void ERR_clear_error();

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial void EVP_MD_CTX_free(nint context);

    private static nint Load()
    {
        foreach (var candidate in Candidates)
        {
            // A libcrypto older than 1.1.1 loads as well but has no Ed25519.
            if (NativeLibrary.TryLoad(candidate, out var handle) &&
                NativeLibrary.TryGetExport(handle, nameof(EVP_PKEY_new_raw_public_key), out _))
            {
                return handle;
            }
        }

        return 0;
    }

    /// <summary>An <c>EVP_PKEY*</c>.</summary>
    internal sealed class KeyHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    /// <summary>An <c>EVP_MD_CTX*</c>.</summary>
    internal sealed class ContextHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            EVP_MD_CTX_free(handle);
            return true;
        }
    }
}
