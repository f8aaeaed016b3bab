using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Verification;

namespace ProxyCluster.Storage;

/// <summary>
/// The modules that nothing proves but what is on record: outside of every checksum database, or accepted without one
/// while it was away. When such a record is lost, whatever upstream says next is believed.
/// </summary>
internal sealed class PinnedModules(IOptions<VerificationOptions> verification)
{
    private readonly bool _all = verification.Value.SumDb.Trim() == "off";

    private readonly ModulePathPatterns _patterns = ModulePathPatterns.Parse(
        $"{verification.Value.NoSumDb ?? verification.Value.Private},{verification.Value.FailOpen}");

    /// <summary>Is the module one of them?</summary>
    public bool Contains(ModulePath module) => _all || _patterns.MatchOrNull(module) is not null;
}
