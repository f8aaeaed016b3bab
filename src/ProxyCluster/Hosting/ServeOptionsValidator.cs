using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Configuration;

namespace ProxyCluster.Hosting;

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

        if (settings.FindOrNull(SettingKeys.InternalUrls) is { } forMembers)
            mistakes.AddRange(Confusions(options.Addresses(), forMembers));
        if (settings.FindOrNull($"{AccessOptions.Section}:{nameof(AccessOptions.ClientCaFile)}") is { Value.Length: > 0 } clients
            && !options.Addresses().Any(static url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)))
            mistakes.Add(Mistakes.Of(clients.Key, clients.Value, clients.Source, secret: false, $"needs an https address in {SettingKeys.Urls}: nobody shows a certificate without"));
        mistakes.AddRange(ServerCertificates.Mistakes(settings, options.Addresses()));
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    /// <summary>What is for clients and for members at once.</summary>
    private IEnumerable<string> Confusions(IReadOnlyList<string> forClients, Setting forMembers)
    {
        var clients = PortsOf(forClients);
        var members = PortsOf(forMembers.Value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        if (forMembers.Value.Split(';', StringSplitOptions.TrimEntries).FirstOrDefault(url => forClients.Contains(url)) is { } both && !both.EndsWith(":0", StringComparison.Ordinal))
            yield return Mistakes.Of(forMembers.Key, both, forMembers.Source, secret: false, "is in Serve:Urls too: an address is for clients or for members");
        if (settings.FindOrNull(SettingKeys.Advertise) is { } advertise
            && Uri.TryCreate(advertise.Value, UriKind.Absolute, out var address)
            && clients.Contains(address.Port) && !members.Contains(address.Port))
        {
            yield return Mistakes.Of(advertise.Key, advertise.Value, advertise.Source, secret: false,
                "has the port of an address for clients: members call each other at one of Cluster:InternalUrls");
        }
    }

    private static HashSet<int> PortsOf(IEnumerable<string> urls) =>
        [.. urls.Where(IsAddress).Select(static url => BindingAddress.Parse(url).Port)];

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
