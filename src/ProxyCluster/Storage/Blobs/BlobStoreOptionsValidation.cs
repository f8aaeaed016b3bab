using Microsoft.Extensions.Options;

namespace ProxyCluster.Storage.Blobs;

/// <summary>What attributes cannot say about <see cref="BlobStoreOptions"/>.</summary>
internal sealed class BlobStoreOptionsValidation : IValidateOptions<StorageOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var blob = options.Blob;
        var faults = new List<string>();
        if (!blob.IsConfigured && blob.Sas.Length > 0)
            faults.Add($"{BlobStoreOptions.Section}:Sas: needs Endpoint");
        if (blob.IsConfigured && !BlobLocation.TryParse(blob, out _, out var error))
            faults.Add($"{BlobStoreOptions.Section}: {error}");
        if (blob.RetryPause > blob.MaxRetryPause)
            faults.Add($"{BlobStoreOptions.Section}:RetryPause: {blob.RetryPause} is more than MaxRetryPause, {blob.MaxRetryPause}");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
