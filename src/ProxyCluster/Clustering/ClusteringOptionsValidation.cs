using Microsoft.Extensions.Options;

namespace ProxyCluster.Clustering;

/// <summary>What attributes cannot say about <see cref="ClusteringOptions"/>; every fault found is reported at once.</summary>
internal sealed class ClusteringOptionsValidation : IValidateOptions<ClusteringOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
    {
        var faults = new List<string>();
        if (options.Advertise is { } advertise && !IsBase(advertise))
            Add("Advertise", $"{advertise} must be scheme, host and port only: http://host:port");
        if (options.Gateway is { } gateway && gateway.Scheme != "socks5")
            Add("Gateway", $"{gateway} must be a SOCKS 5 proxy: socks5://host:port");
        CheckInternal(options, Add);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Add(string key, string fault) => faults.Add($"{ClusteringOptions.Section}:{key}: {fault}");
    }

    private static void CheckInternal(ClusteringOptions options, Action<string, string> add)
    {
        var scheme = options.Tls.IsSet ? "https" : "http";
        var why = options.Tls.IsSet ? "with Cluster:Tls" : "without Cluster:Tls";
        var addresses = options.InternalAddresses();
        foreach (var url in addresses.Where(url => !IsAddress(url, scheme)))
            add("InternalUrls", $"{url} is not an address to listen on {why}: use {scheme}://10.0.0.1:8081 or {scheme}://*:8081");
        if (options.Tls.IsSet && addresses.Count == 0)
            add("Tls", "certificates need addresses of their own: set Cluster:InternalUrls (--internal-urls) too");
        if (addresses.Count > 0 && options.Advertise is { } advertise && advertise.Scheme != scheme)
            add("Advertise", $"{advertise} must be {scheme}, as Cluster:InternalUrls are {why}");
    }

    private static bool IsAddress(string url, string scheme)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme == scheme && address.Port is >= 0 and <= 65535 && address.PathBase.Length == 0 && address.Host.Length > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsBase(Uri url) =>
        url.Scheme is "http" or "https" && url.PathAndQuery == "/" && url.UserInfo.Length == 0 && url.Fragment.Length == 0;
}
