using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;
using Orleans.Hosting;

namespace ProxyCluster.Silos;

/// <summary>
/// TLS between silos: both sides show a certificate that our own authority signed, and no other authority counts. Names
/// are not compared, because silos are addressed by IP: whoever holds such a certificate is a silo.
/// </summary>
internal static class SiloTls
{
    /// <summary>Turns it on where certificates are configured.</summary>
    public static void Apply(ISiloBuilder silo, OrleansOptions options)
    {
        if (options.CertFile.Length == 0)
            return;

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(options.CaFile);
        // Read back from PKCS #12: a key that was read from PEM cannot be used for TLS on every platform.
        using var pem = X509Certificate2.CreateFromPemFile(options.CertFile, options.KeyFile);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        silo.UseTls(certificate, tls =>
        {
            tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.RemoteCertificateValidation = (shown, _, _) => IsSigned(shown, authorities);
            tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = "silo";
        });
    }

    /// <summary>Is the certificate valid today and signed by one of ours?</summary>
    public static bool IsSigned(X509Certificate2? shown, X509Certificate2Collection authorities)
    {
        if (shown is null)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(shown);
    }
}
