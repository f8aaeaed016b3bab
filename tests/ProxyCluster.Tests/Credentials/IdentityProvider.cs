using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using OpenIddict.Validation.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ProxyCluster.Tests.Credentials;

/// <summary>
/// A real identity provider (OpenIddict) with the device flow, and beside it a module proxy that takes its tokens only. A
/// refresh token is taken once.
/// </summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    private readonly WebApplication _app;

    private IdentityProvider(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>The module proxy, a GOPROXY value.</summary>
    public string Upstream => Url + "/mod";

    /// <summary>Forms that came to the token endpoint, by their grant type.</summary>
    public ConcurrentQueue<string> Grants { get; } = new();

    /// <summary>Status codes of the module proxy.</summary>
    public ConcurrentQueue<int> Answers { get; } = new();

    /// <summary>Starts one whose access tokens live for so long.</summary>
    public static async Task<IdentityProvider> StartAsync(TimeSpan life)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore().AddLogging().AddAuthentication();
        builder.Services.AddAuthorization();
        var store = Guid.NewGuid().ToString();
        builder.Services.AddDbContext<DbContext>(options => options.UseInMemoryDatabase(store).UseOpenIddict());
        builder.Services.AddOpenIddict()
            .AddCore(static core => core.UseEntityFrameworkCore().UseDbContext<DbContext>())
            .AddServer(server =>
            {
                server.SetDeviceAuthorizationEndpointUris("device").SetTokenEndpointUris("token").SetEndUserVerificationEndpointUris("verify");
                server.AllowDeviceAuthorizationFlow().AllowRefreshTokenFlow();
                server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
                server.SetAccessTokenLifetime(life).SetRefreshTokenReuseLeeway(TimeSpan.Zero).UseReferenceAccessTokens();
                server.UseAspNetCore().EnableEndUserVerificationEndpointPassthrough().DisableTransportSecurityRequirement();
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
        app.MapPost("/verify", static async context =>
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
        });
        app.MapGet("/mod/{**path}", static async context =>
        {
            var who = await context.AuthenticateAsync(OpenIddictValidationAspNetCoreDefaults.AuthenticationScheme);
            context.Response.StatusCode = who.Succeeded ? 200 : 401;
            if (who.Succeeded)
                await context.Response.WriteAsync("v1.0.0\n");
        });
        await app.StartAsync();
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(new OpenIddictApplicationDescriptor
        {
            ClientId = "proxycluster",
            ClientType = ClientTypes.Public,
            Permissions =
            {
                Permissions.Endpoints.DeviceAuthorization, Permissions.Endpoints.Token, Permissions.GrantTypes.DeviceCode, Permissions.GrantTypes.RefreshToken,
            },
        });
        return provider;
    }

    /// <summary>A person opens the address that was shown and enters the code, or denies it.</summary>
    public async Task EnterAsync(string shown, bool denies = false)
    {
        using var browser = new HttpClient();
        var words = shown.Split(' ');
        Assert.Equal(Url + "/verify", words[1]);
        using var form = new FormUrlEncodedContent([new("user_code", words.SkipWhile(static word => word != "code").ElementAt(1)), .. denies ? [new KeyValuePair<string, string>("deny", "1")] : Array.Empty<KeyValuePair<string, string>>()]);
        using var answer = await browser.PostAsync(words[1], form);
        Assert.Equal(denies ? 400 : 200, (int)answer.StatusCode);
    }

    /// <summary>Revokes every access token that there is.</summary>
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

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
