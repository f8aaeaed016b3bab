using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ProxyCluster.Telemetry;

/// <summary>Which program this is and what it stands on.</summary>
internal static class BuildInfo
{
    /// <summary>The product's version, e.g. <c>0.1.0</c>.</summary>
    public static string Version { get; }

    /// <summary>The commit that it was built from; null where the build did not know one.</summary>
    public static string? Commit { get; }

    static BuildInfo()
    {
        // The SDK writes "version+commit" when it builds inside of a repository.
        var text = typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        var parts = text.Split('+', 2);
        Version = parts[0];
        Commit = parts.Length > 1 ? parts[1] : null;
    }

    /// <summary>The runtime and the machine's kind.</summary>
    public static string Runtime => $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";

    /// <summary>The version of OpenSSL's libcrypto that the runtime has loaded; null where the platform has none.</summary>
    public static string? Libcrypto()
    {
        if (OperatingSystem.IsWindows())
            return null;
        try
        {
            // MNN00PP0L since OpenSSL 3.
            var number = SafeEvpPKeyHandle.OpenSslVersion;
            return FormattableString.Invariant($"{(number >> 28) & 0xF}.{(number >> 20) & 0xFF}.{(number >> 4) & 0xFF}");
        }
        catch (Exception e) when (e is PlatformNotSupportedException or DllNotFoundException or TypeInitializationException)
        {
            return null;
        }
    }
}
