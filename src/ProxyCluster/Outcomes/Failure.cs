namespace ProxyCluster.Outcomes;

/// <summary>Why there is no answer, as a value: the world may do this, so it is not an exception.</summary>
/// <param name="Kind">What happened, in one of the table's words.</param>
/// <param name="Message">One sentence for the person whose build failed; names the module and the peer, holds no secret.</param>
/// <param name="RetryAfter">When asking again may help; null where the table's default is good enough.</param>
public sealed record Failure(FailureKind Kind, string Message, TimeSpan? RetryAfter = null)
{
    /// <summary>True for 404 and 410: the upstream chain proved that the thing does not exist.</summary>
    public bool IsProvenAbsence => Kind is FailureKind.NotFound or FailureKind.Gone;

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Message}";
}
