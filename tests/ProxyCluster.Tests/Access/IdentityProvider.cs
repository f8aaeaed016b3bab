using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ProxyCluster.Tests.Access;

/// <summary>An identity provider on loopback: gives whoever asks with the secret a signed access token for ten minutes.</summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    public const string Audience = "proxycluster";

    private const string Secret = "machines-secret";

    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private IdentityProvider(WebApplication app) => _app = app;

    public static TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(10);

    /// <summary>The issuer.</summary>
    public string Url => _app.Urls.First();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts one; another at the same port has other keys.</summary>
    public static async Task<IdentityProvider> StartAsync(TimeProvider clock, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        builder.Services.AddSingleton(clock);
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddOpenIddict().AddServer(static server =>
        {
            server.EnableDegradedMode().SetTokenEndpointUris("/token").AllowClientCredentialsFlow().SetAccessTokenLifetime(Lifetime);
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey().DisableAccessTokenEncryption();
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(static handler => handler.UseInlineHandler(static asked =>
            {
                if (asked.ClientSecret != Secret)
                    asked.Reject(Errors.InvalidClient);
                return default;
            }));
            server.AddEventHandler<OpenIddictServerEvents.HandleTokenRequestContext>(static handler => handler.UseInlineHandler(static asked =>
            {
                var identity = new ClaimsIdentity("test", Claims.Name, Claims.Role);
                identity.SetClaim(Claims.Subject, asked.Request.ClientId);
                identity.SetClaims("groups", ((string?)asked.Request["groups"] ?? "").Split(' ').ToImmutableArray());
                identity.SetResources((string?)asked.Request["for_service"] ?? Audience);
                identity.SetDestinations(static _ => [Destinations.AccessToken]);
                asked.SignIn(new ClaimsPrincipal(identity));
                return default;
            }));
        });
        var app = builder.Build();
        app.UseAuthentication();
        await app.StartAsync(Cancel);
        return new IdentityProvider(app);
    }

    /// <summary>A token for a machine.</summary>
    public async Task<string> TokenAsync(string client, string groups, string audience = Audience)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = client,
            ["client_secret"] = Secret,
            ["groups"] = groups,
            ["for_service"] = audience,
        });
        using var answer = await _http.PostAsync(new Uri(Url + "/token"), form, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        return (await answer.Content.ReadFromJsonAsync<Dictionary<string, System.Text.Json.JsonElement>>(Cancel))!["access_token"].GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }
}
