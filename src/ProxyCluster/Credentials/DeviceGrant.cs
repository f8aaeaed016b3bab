using System.Globalization;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Credentials;

/// <summary>
/// The device authorization grant (RFC 8628): a person opens an address anywhere and enters a code, while this asks for the
/// tokens as often as the provider allows.
/// </summary>
internal sealed class DeviceGrant(OAuthClient client, TimeProvider clock)
{
    private const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";

    // §3.2 and §3.5; the last so that a provider cannot have us wait for ever.
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SlowDown = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostInterval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MostPatience = TimeSpan.FromHours(1);

    /// <summary>Gets tokens, or a sentence why not.</summary>
    /// <param name="options">The provider.</param>
    /// <param name="show">Shows a person what to do.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<(OAuthTokens? Tokens, string? Fault)> RunAsync(OAuthOptions options, Func<string, Task> show, CancellationToken cancel)
    {
        // 1. The codes.
        var (endpoints, fault) = await client.EndpointsAsync(options, cancel);
        if (endpoints is null)
            return (null, fault);
        List<KeyValuePair<string, string>> form = [.. options.Client()];
        if (options.Scope.Length > 0)
            form.Add(new("scope", options.Scope));
        var began = clock.GetTimestamp();
        var codes = await client.PostAsync(endpoints.Device, form, cancel);
        if (codes.Fault is not null || codes.Error is not null)
            return (null, codes.Fault ?? $"{endpoints.Device.Authority} answered {codes.Error}");
        if (codes["device_code"] is not { Length: > 0 } device || codes["user_code"] is not { Length: > 0 } user || codes["verification_uri"] is not { Length: > 0 } address)
            return (null, $"{endpoints.Device.Authority} answered without a code or an address");

        // 2. The person.
        var whole = codes["verification_uri_complete"] is { Length: > 0 } complete ? $" (or open {Shown(complete)})" : "";
        await show($"Open {Shown(address)} and enter the code {Shown(user)}{whole}");

        // 3. The tokens.
        var patience = Seconds(codes["expires_in"]) is { } life && life < MostPatience ? life : MostPatience;
        var interval = Seconds(codes["interval"]) ?? UsualInterval;
        while (true)
        {
            interval = interval < MostInterval ? interval : MostInterval;
            if (clock.GetElapsedTime(began) + interval > patience)
                return (null, "the code has expired: nobody entered it in time");
            await Task.Delay(interval, clock, cancel);
            var answer = await client.PostAsync(endpoints.Token, [new("grant_type", GrantType), new("device_code", device), .. options.Client()], cancel);
            switch (answer)
            {
                case { Fault: not null }:
                    interval *= 2;
                    break;
                case { Error: "authorization_pending" }:
                    break;
                case { Error: "slow_down" }:
                    interval += SlowDown;
                    break;
                case { Error: "access_denied" }:
                    return (null, "the request was denied");
                case { Error: "expired_token" }:
                    return (null, "the code has expired: nobody entered it in time");
                case { Error: { } error }:
                    return (null, $"{endpoints.Token.Authority} answered {error}");
                default:
                    return answer.TokensOrNull(clock.GetUtcNow(), null) is { } tokens
                        ? (tokens, null)
                        : (null, $"{endpoints.Token.Authority} answered with no bearer token");
            }
        }
    }

    private static string Shown(string text) => LogText.Clean(text, LogText.MaxValue);

    private static TimeSpan? Seconds(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
}
