using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Lines;

/// <summary>An authority made for one test, and what it issues.</summary>
internal sealed class TestCertificates : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxycluster-certificates-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private byte _serial;

    public TestCertificates()
    {
        var request = new CertificateRequest("CN=test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(Now.AddDays(-2), Now.AddDays(2));
        CaFile = Write("ca.pem", _authority.ExportCertificatePem());
    }

    public string CaFile { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A member's certificate, good for both ends, for 127.0.0.1 unless said otherwise; several hosts stand with spaces between them.</summary>
    public (string Cert, string Key) Issue(string host = "127.0.0.1", bool expired = false, bool forClients = true, string subject = "CN=member")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in host.Split(' '))
        {
            if (IPAddress.TryParse(name, out var ip))
                names.AddIpAddress(ip);
            else
                names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        OidCollection usages = [new Oid(ServerAuthentication)];
        if (forClients)
            usages.Add(new Oid(ClientAuthentication));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        using var cert = request.Create(_authority, Now.AddDays(-1), expired ? Now.AddHours(-1) : Now.AddDays(1), [1, ++_serial]);
        return (Write($"cert{_serial}.pem", cert.ExportCertificatePem()), Write($"key{_serial}.pem", key.ExportECPrivateKeyPem()));
    }

    /// <summary>The settings of a member that has a certificate of this authority, or of <paramref name="other"/>.</summary>
    public (string Key, string Value)[] Settings(TestCertificates? other = null, string host = "127.0.0.1")
    {
        var (cert, key) = (other ?? this).Issue(host);
        return
        [
            (SettingKeys.InternalUrls, "https://127.0.0.1:0"),
            ("Cluster:Tls:CertFile", cert),
            ("Cluster:Tls:KeyFile", key),
            ("Cluster:Tls:CaFile", (other ?? this).CaFile),
        ];
    }

    /// <summary>For a client that believes this authority only.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        return policy;
    }

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _directory.Delete(recursive: true);
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
