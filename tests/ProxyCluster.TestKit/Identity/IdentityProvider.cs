using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using OpenIddict.Validation.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ProxyCluster.TestKit.Identity;

/// <summary>
/// A real identity provider (OpenIddict) on loopback: tokens for devices, which can be refreshed once each, and for machines
/// that know a secret. Beside it a module proxy that takes its tokens only.
/// </summary>
public sealed class IdentityProvider : IAsyncDisposable
{
    /// <summary>For whom a machine's tokens are, unless it says otherwise.</summary>
    public const string Audience = "proxycluster";

    private const string Secret = "machines-secret";

    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private IdentityProvider(WebApplication app) => _app = app;

    /// <summary>How long access tokens live where nothing else is said.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(10);

    /// <summary>The issuer.</summary>
    public string Url => _app.Urls.Single();

    /// <summary>The module proxy, a GOPROXY value.</summary>
    public string Upstream => Url + "/mod";

    /// <summary>What it has; a list with one version by itself.</summary>
    public Func<string, byte[]?> Modules { get; set; } = static _ => "v1.0.0\n"u8.ToArray();

    /// <summary>Forms that came to the token endpoint, by their grant type.</summary>
    public ConcurrentQueue<string> Grants { get; } = new();

    /// <summary>Status codes of the module proxy.</summary>
    public ConcurrentQueue<int> Answers { get; } = new();

    /// <summary>Starts one; another at the same port has other keys.</summary>
    /// <param name="life">How long access tokens live.</param>
    /// <param name="clock">Its clock; null for the machine's.</param>
    /// <param name="port">Where it listens; 0 for any.</param>
    /// <param name="isOpaque">Access tokens mean something to it alone, and one that it revokes is worth nothing at once.</param>
    public static async Task<IdentityProvider> StartAsync(TimeSpan life, TimeProvider? clock = null, int port = 0, bool isOpaque = false)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.Services.AddRoutingCore().AddLogging().AddAuthentication();
        builder.Services.AddAuthorization();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        var store = Guid.NewGuid().ToString();
        builder.Services.AddDbContext<DbContext>(options => options.UseInMemoryDatabase(store).UseOpenIddict());
        builder.Services.AddOpenIddict()
            .AddCore(static core => core.UseEntityFrameworkCore().UseDbContext<DbContext>())
            .AddServer(server =>
            {
                server.SetDeviceAuthorizationEndpointUris("device").SetTokenEndpointUris("token").SetEndUserVerificationEndpointUris("verify").SetRevocationEndpointUris("revoke");
                server.AllowDeviceAuthorizationFlow().AllowRefreshTokenFlow().AllowClientCredentialsFlow();
                server.AddEphemeralEncryptionKey().AddEphemeralSigningKey().DisableAccessTokenEncryption();
                server.SetAccessTokenLifetime(life).SetRefreshTokenReuseLeeway(TimeSpan.Zero);
                if (isOpaque)
                    server.UseReferenceAccessTokens();
                server.UseAspNetCore().EnableEndUserVerificationEndpointPassthrough().DisableTransportSecurityRequirement();
                server.AddEventHandler<OpenIddictServerEvents.HandleTokenRequestContext>(static handler => handler.UseInlineHandler(static asked =>
                {
                    if (asked.Request.IsClientCredentialsGrantType())
                        asked.SignIn(new ClaimsPrincipal(OfMachine(asked.Request)));
                    return default;
                }));
            })
            .AddValidation(static validation =>
            {
                validation.EnableTokenEntryValidation();
                validation.UseLocalServer();
                validation.UseAspNetCore();
            });

        var app = builder.Build();
        var provider = new IdentityProvider(app);
        app.Use(async (context, next) =>
        {
            if (context.Request.Path == "/token")
                provider.Grants.Enqueue((await context.Request.ReadFormAsync())["grant_type"].ToString());
            await next(context);
            if (context.Request.Path.StartsWithSegments("/mod", StringComparison.Ordinal))
                provider.Answers.Enqueue(context.Response.StatusCode);
        });
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseEndpoints(static _ => { });
        app.MapPost("/verify", VerifyAsync);
        app.MapGet("/mod/{**path}", provider.GiveAsync);
        await app.StartAsync();
        await provider.AddAsync(new OpenIddictApplicationDescriptor
        {
            ClientId = "proxycluster",
            ClientType = ClientTypes.Public,
            Permissions =
            {
                Permissions.Endpoints.DeviceAuthorization, Permissions.Endpoints.Token, Permissions.GrantTypes.DeviceCode, Permissions.GrantTypes.RefreshToken,
                Permissions.Endpoints.Revocation,
            },
        });
        return provider;
    }

    /// <summary>A token for a machine.</summary>
    public async Task<string> TokenAsync(string client, string groups, string audience = Audience)
    {
        await AddAsync(new OpenIddictApplicationDescriptor
        {
            ClientId = client,
            ClientSecret = Secret,
            ClientType = ClientTypes.Confidential,
            Permissions = { Permissions.Endpoints.Token, Permissions.GrantTypes.ClientCredentials },
        });
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = client,
            ["client_secret"] = Secret,
            ["groups"] = groups,
            ["for_service"] = audience,
        });
        using var answer = await _http.PostAsync(new Uri(Url + "/token"), form);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>())!["access_token"].GetString()!;
    }

    /// <summary>A person opens the address that was shown and enters the code, or denies it; gives what the provider answers.</summary>
    public async Task<int> EnterAsync(string shown, bool denies = false)
    {
        var words = shown.Split(' ');
        if (words[1] != Url + "/verify")
            throw new ArgumentException($"{words[1]} is not where a person goes", nameof(shown));
        List<KeyValuePair<string, string>> fields = [new("user_code", words.SkipWhile(static word => word != "code").ElementAt(1))];
        if (denies)
            fields.Add(new("deny", "1"));
        using var form = new FormUrlEncodedContent(fields);
        using var answer = await _http.PostAsync(new Uri(words[1]), form);
        return (int)answer.StatusCode;
    }

    /// <summary>Revokes every access token that a person has.</summary>
    public async Task RevokeAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var tokens = scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>();
        await foreach (var token in tokens.FindBySubjectAsync("a person"))
        {
            if (await tokens.GetTypeAsync(token) == TokenTypeIdentifiers.AccessToken)
                await tokens.TryRevokeAsync(token);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    private static ClaimsIdentity OfMachine(OpenIddictRequest asked)
    {
        var identity = new ClaimsIdentity("test", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, asked.ClientId);
        identity.SetClaims("groups", ((string?)asked["groups"] ?? "").Split(' ').ToImmutableArray());
        identity.SetResources((string?)asked["for_service"] ?? Audience);
        identity.SetDestinations(static _ => [Destinations.AccessToken]);
        return identity;
    }

    private static async Task VerifyAsync(HttpContext context)
    {
        var asked = await context.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        if (context.Request.Form.ContainsKey("deny"))
        {
            await context.ForbidAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
            return;
        }

        var identity = new ClaimsIdentity(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        identity.SetClaim(Claims.Subject, "a person").SetScopes(asked.Principal!.GetScopes());
        await context.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new ClaimsPrincipal(identity));
    }

    private async Task GiveAsync(HttpContext context)
    {
        var who = await context.AuthenticateAsync(OpenIddictValidationAspNetCoreDefaults.AuthenticationScheme);
        var body = who.Succeeded ? Modules(context.Request.Path.Value!["/mod".Length..]) : null;
        context.Response.StatusCode = !who.Succeeded ? 401 : body is null ? 404 : 200;
        if (body is not null)
            await context.Response.Body.WriteAsync(body);
    }

    private async Task AddAsync(OpenIddictApplicationDescriptor application)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (await applications.FindByClientIdAsync(application.ClientId!) is null)
            await applications.CreateAsync(application);
    }
}
