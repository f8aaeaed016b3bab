using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Verification;

namespace ProxyCluster.Storage;

/// <summary>
/// The modules whose last copy in the cluster is never evicted. By default what is configured as private (GOPRIVATE) or
/// outside of every checksum database (GONOSUMDB): there is no public mirror to fetch those from once their origin is
/// gone. Naming them anew for the store alone would be a second list to forget.
/// </summary>
internal sealed class KeptModules(IOptions<StorageOptions> storage, IOptions<VerificationOptions> verification)
{
    private readonly ModulePathPatterns _patterns = ModulePathPatterns.Parse(
        storage.Value.KeepPatterns ?? $"{verification.Value.Private},{verification.Value.NoSumDb}");

    /// <summary>Is the module one of them?</summary>
    public bool Contains(ModulePath module) => _patterns.MatchOrNull(module) is not null;
}
