using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Access;

/// <summary>What was found by authorities, and is not to be found after them (over TLS: <see cref="TlsTests"/>).</summary>
public sealed class ClientAuthoritiesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly TestCertificates _certificates = new();
    private readonly TestCertificates _others = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _others.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Result_OfARequestUnderWayWhileTheAuthoritiesChanged_IsNotFoundByTheNext()
    {
        File.Copy(_certificates.CaFile, _scratch["ca.pem"]);
        var authorities = new ClientAuthorities(
            Options.Create(new AccessOptions { ClientCaFile = _scratch["ca.pem"] }),
            new OptionsCache<CertificateAuthenticationOptions>(),
            Options.Create(new CertificateValidationCacheOptions()),
            _clock,
            NullLogger<ClientAuthorities>.Instance);
        var certificate = authorities.Current[0];
        var (first, second, next) = (Request(), Request(), Request());
        authorities.Look(first);
        File.Copy(_others.CaFile, _scratch["ca.pem"], overwrite: true);
        _clock.Advance(TimeSpan.FromSeconds(1));
        authorities.Look(second);

        authorities.Put(first, certificate, AuthenticateResult.Fail("of those before"));
        authorities.Look(next);

        Assert.Null(authorities.Get(second, certificate));
        Assert.Null(authorities.Get(next, certificate));
        Assert.NotNull(authorities.Get(first, certificate));
    }

    // The platform's handler notes in a request for which scheme it asks; for none, nothing is kept.
    private static DefaultHttpContext Request() => new() { Items = { ["__CertificateAuthScheme"] = CertificateLogins.Scheme } };
}
