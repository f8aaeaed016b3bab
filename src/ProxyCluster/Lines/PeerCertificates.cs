using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using ProxyCluster.Clustering;

namespace ProxyCluster.Lines;

/// <summary>
/// The certificates of <see cref="PeerTlsOptions"/> for both ends of a call. Either end believes the cluster's own
/// authority only; the calling end also checks that the certificate names the host it called. There is no revocation
/// list to ask: a member is locked out by a new authority.
/// </summary>
internal sealed class PeerCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2? _own;
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly X509Certificate2Collection _authorities = [];

    private PeerCertificates(X509Certificate2? own) => _own = own;

    /// <summary>False where members prove themselves by the secret alone.</summary>
    public bool IsSet => _own is not null;

    /// <summary>Reads the files; none are set where the options are not.</summary>
    /// <exception cref="CryptographicException">One holds no certificate or key.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static PeerCertificates Load(PeerTlsOptions options)
    {
        if (!options.IsSet)
            return new PeerCertificates(null);

        var loaded = new PeerCertificates(Named(options.CertFile, () => X509Certificate2.CreateFromPemFile(options.CertFile, options.KeyFile)));
        loaded._intermediates.ImportFromPemFile(options.CertFile);
        Named(options.CaFile, () =>
        {
            loaded._authorities.ImportFromPemFile(options.CaFile);
            return loaded._authorities.Count > 0 ? loaded : throw new CryptographicException("it holds no certificate");
        });
        return loaded;
    }

    /// <summary>Fails where the other members would not let us in: better now than at every call.</summary>
    /// <exception cref="CryptographicException">The authority did not issue our certificate, or not for both ends.</exception>
    public void ThrowIfNotIssued(PeerTlsOptions options)
    {
        using var chain = new X509Chain { ChainPolicy = Policy() };
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.ExtraStore.AddRange(_intermediates);
        if (!chain.Build(_own!))
        {
            throw new CryptographicException($"{options.CertFile} is not a member's certificate by the authority in {options.CaFile}: "
                + string.Join(", ", chain.ChainStatus.Select(static s => s.StatusInformation.Trim())));
        }
    }

    /// <summary>For the end that calls.</summary>
    public SslClientAuthenticationOptions ForCalls() => _own is null
        ? new SslClientAuthenticationOptions()
        : new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = Policy(),
            ClientCertificateContext = SslStreamCertificateContext.Create(_own, _intermediates, offline: true),
        };

    /// <summary>For the end that answers.</summary>
    public HttpsConnectionAdapterOptions ForListener() => new()
    {
        ServerCertificate = _own,
        ServerCertificateChain = _intermediates,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        OnAuthenticate = (_, ssl) => ssl.CertificateChainPolicy = Policy(),
    };

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    // The platform's messages do not say which file they are about.
    private static T Named<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"{file} cannot be used: {e.Message}", e);
        }
    }
}
