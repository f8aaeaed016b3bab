using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>
/// Hosts that are left alone for a moment: whoever asks for many modules need not wait for each of them. One that could not be
/// reached said so soon, and is asked again soon (<see cref="DirectOptions.FreshFor"/>). One that took a question and stayed
/// silent cost all of <see cref="DirectOptions.AskTimeout"/>, and is believed to be silent for as long; unless it answered
/// another question meanwhile, for then it is one repository that is slow.
/// </summary>
internal sealed class QuietHosts(DirectOptions options, TimeProvider clock)
{
    private const long Budget = 1L << 20;

    private static readonly object Something = new();

    private readonly ShortMemory<Failure> _unreachable = new(Budget, options.FreshFor, clock);
    private readonly ShortMemory<Failure> _silent = new(Budget, options.AskTimeout, clock);
    private readonly ShortMemory<object> _answered = new(Budget, options.AskTimeout, clock);

    /// <summary>Why not to ask the host now; null where it may be asked.</summary>
    public Failure? FindOrNull(string host) =>
        _unreachable.FindOrNull(host) ?? (_answered.FindOrNull(host) is null ? _silent.FindOrNull(host) : null);

    /// <summary>
    /// Asks a repository's host, unless it is to be left alone, and notes that it was not there or silent. What only one address there
    /// does, and what a stranger's way there does, says nothing of the others.
    /// </summary>
    /// <exception cref="RepositoryException">It did not answer, now or a moment ago.</exception>
    public async Task<T> AskAsync<T>(RepositoryAddress address, Func<Task<T>> ask)
    {
        if (address.Uri.Host.Length > 0 && FindOrNull(address.HostKey) is { } outage)
            throw new RepositoryException(outage);
        try
        {
            return await ask();
        }
        catch (RepositoryException e) when (e is { IsOfHost: true, Failure.Kind: FailureKind.UpstreamUnavailable })
        {
            WasUnreachable(address.HostKey, e.Failure);
            throw;
        }
        catch (RepositoryException e) when (e.Failure.Kind is FailureKind.UpstreamTimeout)
        {
            WasSilent(address.HostKey, e.Failure);
            throw;
        }
    }

    /// <summary>It answered, whatever it said.</summary>
    public void Answered(string host) => _answered.Remember(host, Something, host);

    /// <summary>It could not be found or connected to.</summary>
    public void WasUnreachable(string host, Failure failure) => _unreachable.Remember(host, failure, failure.Message);

    /// <summary>It did not answer in time.</summary>
    public void WasSilent(string host, Failure failure) => _silent.Remember(host, failure, failure.Message);
}
