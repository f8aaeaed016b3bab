using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Sockets;

namespace ProxyCluster.Fetching;

/// <summary>What attributes cannot say about <see cref="UpstreamsOptions"/>; every fault found is reported at once.</summary>
internal sealed class UpstreamsOptionsValidation : IValidateOptions<UpstreamsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, UpstreamsOptions options)
    {
        var faults = new List<string>();
        if (!GoProxyList.TryParse(options.List ?? "", out var list, out var error))
            faults.Add($"{UpstreamsOptions.Section}:List: {error}");

        foreach (var (host, login) in options.Credentials)
        {
            var key = $"{UpstreamsOptions.Section}:Credentials:{host}";
            if (login.FaultOrNull() is { } fault)
                faults.Add($"{key}: {fault}");

            var bare = list?.Entries.FirstOrDefault(entry => entry is { Kind: GoProxyEntryKind.Http, Url.Scheme: "http" }
                && string.Equals(entry.Url.IdnHost, host, StringComparison.OrdinalIgnoreCase) && !OutboundProxy.IsThisMachine(entry.Url));
            if (bare is not null)
                faults.Add($"{key}: credentials are not sent over plain http, but the list has {bare}; use https");
        }

        for (var i = 0; i < options.Modules.Count; i++)
        {
            var (rule, key) = (options.Modules[i], $"{UpstreamsOptions.Section}:Modules:{i}");
            if (list is not null && !list.Entries.Any(rule.IsAbout))
                faults.Add($"{key}:Upstream: \"{GoProxyList.WithoutUserinfo(rule.Upstream)}\" is not in the list {list}");
            if (list is not null && options.Modules.Take(i).Any(other => list.Entries.Any(entry => other.IsAbout(entry) && rule.IsAbout(entry))))
                faults.Add($"{key}:Upstream: {GoProxyList.WithoutUserinfo(rule.Upstream)} stands here twice");
            foreach (var (property, patterns) in ((string, string)[])[("Include", rule.Include), ("Exclude", rule.Exclude)])
            {
                foreach (var pattern in ModulePathPatterns.Parse(patterns).InvalidPatterns)
                    faults.Add($"{key}:{property}: \"{pattern}\" is not a pattern: allowed are path prefixes with *, ? and [a-z]");
            }
        }

        if (OutboundProxy.FaultOrNull(Environment.GetEnvironmentVariable) is { } proxy)
            faults.Add(proxy);

        if (options.MaxBackoff < options.Backoff)
            faults.Add($"{UpstreamsOptions.Section}:MaxBackoff: {options.MaxBackoff} is less than Backoff, {options.Backoff}");
        if (options.MaxBreakerPause < options.BreakerPause)
            faults.Add($"{UpstreamsOptions.Section}:MaxBreakerPause: {options.MaxBreakerPause} is less than BreakerPause, {options.BreakerPause}");

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
