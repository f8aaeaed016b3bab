using System.Net;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>What attributes cannot say about <see cref="DnsOptions"/>.</summary>
internal sealed class DnsOptionsValidation : IValidateOptions<FailoverOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, FailoverOptions options)
    {
        var dns = options.Dns;
        if (dns.Server.Length == 0)
            return ValidateOptionsResult.Success;
        var faults = new List<string>();
        if (!DnsServer.TryParse(dns.Server, out _))
            Add("Server", $"{dns.Server} is no HOST or HOST:PORT");
        if (!DnsName.TryParse(dns.Zone, out var zone))
            Add("Zone", $"{dns.Zone} is no name of a zone");
        if (dns.KeyFile.Length == 0)
            Add("KeyFile", "is needed: updates are signed");
        else if (TsigKey.ReadOrNull(dns.KeyFile, out var error) is null)
            Add("KeyFile", error!);
        if (dns.All.Length > 0)
            CheckName("All", dns.All);
        if (dns.Regions.Count == 0)
            Add("Regions", "name at least one region and its addresses");
        foreach (var (index, region) in dns.Regions.Index())
        {
            if (region.Name.Length > 0)
                CheckName($"Regions:{index}:Name", region.Name);
            if (region.Addresses.Count == 0)
                Add($"Regions:{index}:Addresses", "at least one is needed");
            foreach (var address in region.Addresses.Where(static address => !IPAddress.TryParse(address, out _)))
                Add($"Regions:{index}:Addresses", $"{address} is no IP address");
        }

        foreach (var twice in dns.Regions.GroupBy(static region => region.Region, StringComparer.Ordinal).Where(static group => group.Count() > 1))
            Add("Regions", $"{twice.Key} is there more than once");
        var names = dns.Regions.Select(static region => region.Name).Append(dns.All).Where(static name => name.Length > 0);
        foreach (var twice in names.GroupBy(static name => name.TrimEnd('.'), StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1))
            Add("Regions", $"{twice.Key} is named more than once");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void CheckName(string key, string text)
        {
            if (!DnsName.TryParse(text, out var parsed) || (zone is not null && !parsed.IsIn(zone)))
                Add(key, $"{text} is no name in the zone {dns.Zone}");
        }

        void Add(string key, string fault) => faults.Add($"{DnsOptions.Section}:{key}: {fault}");
    }
}
