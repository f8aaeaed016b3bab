using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Cli;

/// <summary>Addresses that cannot be listened on, certificates that cannot be shown, and an upstream list that leads back here.</summary>
internal sealed class ServeOptionsValidator(Settings settings) : IValidateOptions<ServeOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServeOptions options)
    {
        var mistakes = new List<string>();
        foreach (var url in options.Addresses().Where(url => !IsAddress(url)))
        {
            mistakes.Add(Mistakes.Of(SettingKeys.Urls, url, settings.SourceOrNull(SettingKeys.Urls) ?? EffectiveSetting.Default,
                secret: false, "is not an address to listen on: use http://127.0.0.1:8080, http://*:8080 or https://…"));
        }

        if (settings.FindOrNull(SettingKeys.Upstreams) is { } upstreams
            && OwnAddress.FindOrNull(options.Addresses(), upstreams.Value) is { } own)
        {
            mistakes.Add(Mistakes.Of(upstreams.Key, upstreams.Value, upstreams.Source, secret: false,
                $"names this proxy's own address {own}: name the proxy behind it, e.g. --upstream https://proxy.golang.org"));
        }

        mistakes.AddRange(ServerCertificates.Mistakes(settings, options.Addresses()));
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static bool IsAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme is "http" or "https" && address.Port is >= 0 and <= 65535 && address.PathBase.Length == 0
                && address.Host.Length > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
