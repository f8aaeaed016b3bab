using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Sockets;

namespace ProxyCluster.Fetching;

/// <summary>What attributes cannot say about <see cref="UpstreamsOptions"/>; every fault found is reported at once.</summary>
internal sealed class UpstreamsOptionsValidation(IOptions<CredentialsOptions> credentials) : IValidateOptions<UpstreamsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, UpstreamsOptions options)
    {
        var faults = new List<string>();
        if (!GoProxyList.TryParse(options.List ?? "", out var list, out var error))
            faults.Add($"{UpstreamsOptions.Section}:List: {error}");

        foreach (var (rule, i) in Rules().Select(static (rule, i) => (rule, i)).Where(static one => one.rule.IsWritten()))
        {
            var patterns = LoginRule.Patterns(rule.Match);
            var bare = list?.Entries.FirstOrDefault(entry => entry.Kind is GoProxyEntryKind.Http && !Logins.MayCarry(entry.Url!) && LoginRule.Covers(patterns, entry.Url!));
            if (bare is not null)
                faults.Add($"{CredentialsOptions.Section}:Rules:{i}: credentials are not sent over plain http, but the upstream list has {bare}; use https");
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

    private IReadOnlyList<CredentialRuleOptions> Rules()
    {
        try
        {
            return credentials.Value.Rules;
        }
        catch (OptionsValidationException)
        {
            // Their own room reports that.
            return [];
        }
    }
}
