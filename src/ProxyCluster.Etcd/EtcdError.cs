namespace ProxyCluster.Etcd;

/// <summary>What kept etcd from doing what it was asked.</summary>
internal enum EtcdErrorKind
{
    /// <summary>No endpoint answered in time, or etcd has no leader: worth asking again.</summary>
    Unreachable,

    /// <summary>The token is unknown to etcd (any more), or the password is wrong.</summary>
    Unauthenticated,

    /// <summary>The user may not do this.</summary>
    PermissionDenied,

    /// <summary>etcd understood and refused, or answered something unreadable.</summary>
    Rejected,
}

/// <summary>An error as a value.</summary>
/// <param name="Kind">What to do about it.</param>
/// <param name="Message">One sentence with the endpoint; holds no secret.</param>
internal sealed record EtcdError(EtcdErrorKind Kind, string Message);
