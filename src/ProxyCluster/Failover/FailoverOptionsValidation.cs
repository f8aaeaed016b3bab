using Microsoft.Extensions.Options;

namespace ProxyCluster.Failover;

/// <summary>What attributes cannot say about <see cref="FailoverOptions"/>; every fault found is reported at once.</summary>
internal sealed class FailoverOptionsValidation : IValidateOptions<FailoverOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, FailoverOptions options)
    {
        var faults = new List<string>();
        if (options.SuspectAfter > options.FailedAfter)
            Add("SuspectAfter", $"{options.SuspectAfter} is more than FailedAfter, {options.FailedAfter}");
        if (options.FailedAfter <= options.ReportInterval)
            Add("FailedAfter", $"{options.FailedAfter} must be more than ReportInterval, {options.ReportInterval}");
        if (options.Tick > options.PauseTolerance / 2)
            Add("PauseTolerance", $"{options.PauseTolerance} must be at least twice Tick, {options.Tick}");
        if (options.MaxFailedHold < options.FailedHold)
            Add("MaxFailedHold", $"{options.MaxFailedHold} is less than FailedHold, {options.FailedHold}");
        var shares = options.RecoveryShares;
        if (shares.Any(static share => share is < 1 or > 99) || !shares.Zip(shares.Skip(1)).All(static pair => pair.First < pair.Second))
            Add("RecoveryShares", $"{string.Join(',', shares)} must be percentages between 1 and 99, each more than the one before");
        foreach (var (index, webhook) in options.Webhooks.Index())
        {
            if ((webhook.Url is null) == (webhook.UrlFile.Length == 0))
                Add($"Webhooks:{index}:Url", "either it or UrlFile is needed");
            if (webhook.UrlFile.Length > 0 && !File.Exists(webhook.UrlFile))
                Add($"Webhooks:{index}:UrlFile", $"there is no file {webhook.UrlFile}");
            if (webhook.Url is { IsAbsoluteUri: true, Scheme: not ("http" or "https") })
                Add($"Webhooks:{index}:Url", "it must begin with http:// or https://");
            if (webhook.SecretFile.Length > 0 && !File.Exists(webhook.SecretFile))
                Add($"Webhooks:{index}:SecretFile", $"there is no file {webhook.SecretFile}");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Add(string key, string fault) => faults.Add($"{FailoverOptions.Section}:{key}: {fault}");
    }
}
