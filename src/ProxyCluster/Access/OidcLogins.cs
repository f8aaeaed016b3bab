using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;

namespace ProxyCluster.Access;

/// <summary>
/// Logins by the tokens of an identity provider. The platform's handler proves them: signature, issuer, audience, time. Its keys are asked
/// for when the first token comes, again when one names a key that is not known, and stay in use while the provider is away.
/// </summary>
internal sealed partial class OidcLogins(
    IOptionsMonitor<JwtBearerOptions> jwt, IOptions<AccessOptions> options, AccessRules rules, ILogger<OidcLogins> logger)
{
    private const string Scheme = "oidc";

    // What a public key can prove. With a shared key, whoever checks could issue.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Registers the handler, and of the platform's authentication no more than it needs.</summary>
    public static void Register(IServiceCollection services)
    {
        services.AddSingleton<OidcLogins>();
        services.TryAddSingleton(UrlEncoder.Default);
        services.TryAddSingleton<IAuthenticationConfigurationProvider, NoConfiguration>();
        new AuthenticationBuilder(services.AddAuthenticationCore()).AddJwtBearer(Scheme, static _ => { });
        services.AddOptions<JwtBearerOptions>(Scheme).Configure<IOptions<AccessOptions>, TimeProvider>(Configure);
    }

    /// <summary>Whether a token looks like one of a provider's.</summary>
    public static bool IsToken(string token) => token.Count(static c => c == '.') == 2;

    /// <summary>Whose token it is.</summary>
    public async Task<ClientLogin> ProveAsync(HttpContext context, string token)
    {
        // Without its keys every token would look like a forged one.
        var oidc = options.Value.Oidc;
        try
        {
            _ = await jwt.Get(Scheme).ConfigurationManager!.GetConfigurationAsync(context.RequestAborted);
        }
        catch (InvalidOperationException e)
        {
            Log.Unavailable(logger, oidc.Authority, e.InnerException?.Message ?? e.Message);
            return new(null, new Failure(FailureKind.LoginUnavailable, "the identity provider cannot be asked for its keys now"));
        }

        // The handler looks nowhere else.
        context.Request.Headers.Authorization = "Bearer " + token;
        var result = await context.AuthenticateAsync(Scheme);
        if (!result.Succeeded)
        {
            return ClientLogin.Wrong(result.Failure switch
            {
                SecurityTokenExpiredException => "the token has expired",
                SecurityTokenNotYetValidException => "the token is not valid yet",
                SecurityTokenInvalidAudienceException => "the token is for another service",
                _ => "the token is not one of the identity provider's",
            });
        }

        var claims = result.Principal;
        return Identity.OrNull(
            claims.FindFirst(oidc.SubjectClaim)?.Value,
            claims.FindAll(oidc.GroupsClaim).Select(static claim => claim.Value).Where(rules.Mention)) is { } who
            ? new(who, null)
            : ClientLogin.Wrong($"the token has no usable claim {oidc.SubjectClaim}");
    }

    private static void Configure(JwtBearerOptions jwt, IOptions<AccessOptions> options, TimeProvider clock)
    {
        var oidc = options.Value.Oidc;
        jwt.Authority = oidc.Authority;
        jwt.Audience = oidc.Audience;
        jwt.MapInboundClaims = false;
        jwt.RequireHttpsMetadata = oidc.Authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        jwt.TokenValidationParameters.ValidAlgorithms = Algorithms;
        jwt.TokenValidationParameters.LifetimeValidator = (from, until, _, _) =>
        {
            var now = clock.GetUtcNow().UtcDateTime;
            return until is null || until <= now - oidc.ClockSkew ? throw new SecurityTokenExpiredException()
                : from > now + oidc.ClockSkew ? throw new SecurityTokenNotYetValidException()
                : true;
        };
        jwt.BackchannelTimeout = TimeSpan.FromSeconds(10);
        jwt.BackchannelHttpHandler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            Proxy = OutboundProxy.OfEnvironment,
            ActivityHeadersPropagator = null,
            ConnectCallback = OutgoingConnection.ConnectAsync,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };
    }

    // Everything that the handler is told stands in the options above.
    private sealed class NoConfiguration : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Identity provider {Authority} could not be asked for its keys: {Reason}")]
        public static partial void Unavailable(ILogger logger, string authority, string reason);
    }
}
