using Microsoft.Extensions.Options;

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
                && string.Equals(entry.Url.IdnHost, host, StringComparison.OrdinalIgnoreCase) && !GoProxyList.IsThisMachine(entry.Url));
            if (bare is not null)
                faults.Add($"{key}: credentials are not sent over plain http, but the list has {bare}; use https");
        }

        if (options.MaxBackoff < options.Backoff)
            faults.Add($"{UpstreamsOptions.Section}:MaxBackoff: {options.MaxBackoff} is less than Backoff, {options.Backoff}");
        if (options.MaxBreakerPause < options.BreakerPause)
            faults.Add($"{UpstreamsOptions.Section}:MaxBreakerPause: {options.MaxBreakerPause} is less than BreakerPause, {options.BreakerPause}");

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
