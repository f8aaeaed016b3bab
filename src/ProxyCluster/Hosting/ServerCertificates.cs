using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ProxyCluster.Configuration;

namespace ProxyCluster.Hosting;

/// <summary>
/// Looks at the certificates that the server is to show, before the server does: what it says about a wrong one names
/// neither the key nor the file. Where they are written is the platform's convention: <c>Kestrel:Certificates:Default</c>
/// with <c>Path</c> (PEM or PFX), <c>KeyPath</c> (PEM) and <c>Password</c>, or the same per endpoint.
/// </summary>
internal static class ServerCertificates
{
    /// <summary>The certificate of every address that names none of its own.</summary>
    public const string Default = "Kestrel:Certificates:Default";

    /// <summary>One sentence for everything that would keep the server from using a certificate.</summary>
    public static IEnumerable<string> Mistakes(Settings settings, IEnumerable<string> addresses)
    {
        var secure = addresses.FirstOrDefault(static url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
        if (secure is not null && !settings.All.Any(static s => s.Key.StartsWith(Default + ":", StringComparison.OrdinalIgnoreCase)))
        {
            yield return Configuration.Mistakes.Of(
                SettingKeys.Urls, secure, settings.SourceOrNull(SettingKeys.Urls) ?? EffectiveSetting.Default, secret: false,
                $"needs a certificate: set {Default}:Path to a PEM or PFX file, and {Default}:KeyPath to the key of a PEM file");
        }

        foreach (var path in settings.All.Where(static s => IsPath(s.Key)))
        {
            var parent = path.Key[..path.Key.LastIndexOf(':')];
            var key = settings.FindOrNull(parent + ":KeyPath");
            if (FaultOrNull(path, key, settings.FindOrNull(parent + ":Password")?.Value) is var (wrong, why))
                yield return Configuration.Mistakes.Of(wrong.Key, wrong.Value, wrong.Source, secret: false, why);
        }
    }

    private static bool IsPath(string key) => key.StartsWith("Kestrel:", StringComparison.OrdinalIgnoreCase)
        && key.EndsWith(":Path", StringComparison.OrdinalIgnoreCase) && key.Contains(":Certificate", StringComparison.OrdinalIgnoreCase);

    private static (Setting Wrong, string Why)? FaultOrNull(Setting path, Setting? key, string? password)
    {
        // 1. The files.
        foreach (var file in (Setting?[])[path, key])
        {
            if (file is not null && UnreadableOrNull(file.Value) is { } why)
                return (file, why);
        }

        // 2. What is in them, as the server will read it.
        try
        {
            using var certificate = key is null ? X509CertificateLoader.LoadPkcs12FromFile(path.Value, password)
                : password is null ? X509Certificate2.CreateFromPemFile(path.Value, key.Value)
                : X509Certificate2.CreateFromEncryptedPemFile(path.Value, password, key.Value);
            return certificate.HasPrivateKey ? null : (path, "holds no private key");
        }
        catch (CryptographicException) when (key is null)
        {
            return (path, "cannot be used: it is not a PFX file with this password; the key of a PEM file goes under KeyPath");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return (path, $"cannot be used together with {key!.Value}: they are not a PEM certificate and its key"
                + (password is null ? "" : ", or the password is wrong"));
        }
    }

    private static string? UnreadableOrNull(string file)
    {
        try
        {
            using var handle = File.OpenHandle(file);
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "does not exist";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"cannot be read: {e.Message}";
        }
    }
}
