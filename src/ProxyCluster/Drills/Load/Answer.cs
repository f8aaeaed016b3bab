namespace ProxyCluster.Drills.Load;

/// <summary>How a client's request ended.</summary>
internal enum Ending
{
    /// <summary>With the right bytes.</summary>
    Ok,

    /// <summary>With other bytes than it should have.</summary>
    Wrong,

    /// <summary>
    /// With an honest 502, 503 or 504 while upstream was away, for something that the cluster could not have: nobody could
    /// have answered it.
    /// </summary>
    Unobtainable,

    /// <summary>In any other way.</summary>
    Failed,
}

/// <summary>One request of a client, however many doors it tried.</summary>
/// <param name="At">When it was due, since the load began. Waiting for its turn counts as latency.</param>
/// <param name="Took">Time until its last byte.</param>
/// <param name="Region">The client's region.</param>
/// <param name="Asked">What it was for.</param>
/// <param name="Ending">How it ended.</param>
/// <param name="Cause">Why it did not end well, as a word or a status; null when it did.</param>
/// <param name="Doors">How many front ends it tried.</param>
internal readonly record struct Answer(
    TimeSpan At, TimeSpan Took, string Region, AskedFor Asked, Ending Ending, string? Cause, int Doors);
