using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;

namespace ProxyCluster.Lines;

/// <summary>Opens the files that members prove themselves with, so that a wrong one stops the start and not the first call.</summary>
internal sealed class PeerSettingsValidation : IValidateOptions<ClusteringOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
    {
        var faults = new List<string>();
        if (options.SecretFile.Length > 0)
            Try("SecretFile", () => ClusterSecret.FromFile(options.SecretFile));
        if (options.Tls.IsSet)
        {
            if (new[] { options.Tls.CertFile, options.Tls.KeyFile, options.Tls.CaFile }.Any(static file => file.Length == 0))
                faults.Add($"{ClusteringOptions.Section}:Tls: CertFile, KeyFile and CaFile go together");
            else
                Try("Tls", () => PeerCertificates.Load(options.Tls).ThrowIfNotIssued(options.Tls));
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Try(string key, Action read)
        {
            try
            {
                read();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or InvalidDataException)
            {
                faults.Add($"{ClusteringOptions.Section}:{key}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
    }
}
