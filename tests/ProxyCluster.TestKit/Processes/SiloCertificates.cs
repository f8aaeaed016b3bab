using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ProxyCluster.TestKit.Processes;

/// <summary>An authority made up for a test, and certificates that it signed.</summary>
public sealed class SiloCertificates : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Makes an authority of that name.</summary>
    public SiloCertificates(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(10));
    }

    /// <summary>The authority's own.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>A certificate for a silo, valid from so many days on.</summary>
    public X509Certificate2 Sign(int fromDays = -1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        var from = DateTimeOffset.UtcNow.AddDays(fromDays);
        using var signed = request.Create(Authority, from, from.AddHours(30), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>Writes certificate, key and authority into a directory and gives the flags that name them.</summary>
    public string[] Write(string directory)
    {
        using var silo = Sign();
        var files = new[] { ("CertFile", silo.ExportCertificatePem()), ("KeyFile", silo.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()), ("CaFile", Authority.ExportCertificatePem()) };
        Directory.CreateDirectory(directory);
        foreach (var (name, text) in files)
            File.WriteAllText(Path.Combine(directory, name), text);
        return [.. files.SelectMany(file => new[] { "--set", $"Silo:{file.Item1}={Path.Combine(directory, file.Item1)}" })];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Authority.Dispose();
        _key.Dispose();
    }
}
