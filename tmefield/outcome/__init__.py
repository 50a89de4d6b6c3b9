"""What cytokines do to a tumour: the standard tissue of library values, treatments, arms and endpoints."""
