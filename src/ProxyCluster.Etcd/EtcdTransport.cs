using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace ProxyCluster.Etcd;

/// <summary>
/// The connections to etcd. HTTP/1.1 on purpose: etcd tells its gateway from gRPC on the same port by the protocol, and
/// never through the machine's own proxy, because etcd is inside of the cluster's network.
/// </summary>
internal static class EtcdTransport
{
    /// <param name="options">How etcd is reached.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate file cannot be read.</exception>
    public static SocketsHttpHandler Create(EtcdOptions options)
    {
        var ssl = new SslClientAuthenticationOptions();
        if (options.CaFile.Length > 0)
        {
            // These authorities only, not also the system's: an etcd is private.
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(options.CaFile);
            ssl.CertificateChainPolicy = policy;
        }

        if (options.CertFile.Length > 0)
            ssl.ClientCertificates = [X509Certificate2.CreateFromPemFile(options.CertFile, options.KeyFile)];

        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = options.CallTimeout,
            // An endpoint's name may move to another address.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = ssl,
        };
        options.ConfigureHandler?.Invoke(handler);
        return handler;
    }
}
