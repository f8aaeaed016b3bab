using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ProxyCluster.Access;

/// <summary>
/// Logins by client certificates. The handshake takes any, so that a wrong one gets an answer that says so; the platform's handler proves
/// them against the configured authorities, and remembers for two minutes what it found.
/// </summary>
internal static class CertificateLogins
{
    public const string Scheme = "certificate";
    private const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";

    /// <summary>Registers the handler, and of the platform's authentication no more than it needs.</summary>
    public static void Register(IServiceCollection services)
    {
        services.TryAddSingleton(UrlEncoder.Default);
        new AuthenticationBuilder(services.AddAuthenticationCore()).AddCertificate(Scheme);
        services.AddSingleton<ClientAuthorities>();
        services.AddSingleton<ICertificateValidationCache>(static provider => provider.GetRequiredService<ClientAuthorities>());
        services.AddOptions<CertificateAuthenticationOptions>(Scheme).Configure<ClientAuthorities>(static (certificates, authorities) =>
        {
            certificates.ChainTrustValidationMode = X509ChainTrustMode.CustomRootTrust;
            certificates.CustomTrustStore = authorities.Current;
            certificates.RevocationMode = X509RevocationMode.NoCheck;
        });
    }

    /// <summary>Has the server ask clients for one, which they need not have.</summary>
    public static void Ask(HttpsConnectionAdapterOptions https)
    {
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.AllowAnyClientCertificate();
    }

    /// <summary>Whose certificate the connection shows.</summary>
    public static async Task<ClientLogin> ProveAsync(HttpContext context)
    {
        context.RequestServices.GetRequiredService<ClientAuthorities>().Look(context);
        if (!(await context.AuthenticateAsync(Scheme)).Succeeded)
            return ClientLogin.Wrong("the client certificate is not one of the configured authorities', or not valid now");
        var names = context.Connection.ClientCertificate!.SubjectName.EnumerateRelativeDistinguishedNames().Where(static name => !name.HasMultipleElements).ToLookup(
            static name => name.GetSingleElementType().Value, static name => name.GetSingleElementValue() ?? "");
        return Identity.OrNull(names[CommonName].FirstOrDefault(), names[OrganizationalUnit]) is { } who
            ? new(who, null)
            : ClientLogin.Wrong("the client certificate has no usable common name");
    }
}
